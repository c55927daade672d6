import type { CreateNotebookInstanceInput, DescribeNotebookInstanceOutput } from '@aws-sdk/client-sagemaker';

import { parsedMore } from '../training/draft';
import { nextName, pruned } from '../training/request';

// What the form of a notebook instance holds: texts, as they are typed.
export interface Draft {
  name: string;
  role: string;
  instanceType: string;
  volume: string; // GB
  key: string;
  lifecycle: string;
  repository: string;
  root: boolean;
  more: string; // any further members of the request, as JSON
}

export const EMPTY: Draft = {
  name: '',
  role: '',
  instanceType: 'ml.t3.medium',
  volume: '5',
  key: '',
  lifecycle: '',
  repository: '',
  root: true,
  more: '',
};

// Whatever is wrong with the request the server says.
export function requestOf(draft: Draft): CreateNotebookInstanceInput {
  const more = parsedMore<CreateNotebookInstanceInput>(draft.more);
  return pruned<CreateNotebookInstanceInput>({
    ...more,
    NotebookInstanceName: draft.name,
    InstanceType: draft.instanceType as 'ml.t3.medium',
    RoleArn: draft.role,
    VolumeSizeInGB: Number(draft.volume),
    KmsKeyId: draft.key,
    LifecycleConfigName: draft.lifecycle,
    DefaultCodeRepository: draft.repository,
    RootAccess: draft.root ? 'Enabled' : 'Disabled',
  });
}

// For "clone and edit", and for the code of an instance: what has no field of its own is in `more`.
export function draftOf(notebook: DescribeNotebookInstanceOutput): Draft {
  const more = pruned({
    AdditionalCodeRepositories: notebook.AdditionalCodeRepositories,
    SubnetId: notebook.SubnetId,
    SecurityGroupIds: notebook.SecurityGroups,
    DirectInternetAccess: notebook.DirectInternetAccess === 'Disabled' ? notebook.DirectInternetAccess : undefined,
  });
  return {
    name: nextName(notebook.NotebookInstanceName!),
    role: notebook.RoleArn ?? '',
    instanceType: notebook.InstanceType ?? EMPTY.instanceType,
    volume: String(notebook.VolumeSizeInGB ?? 5),
    key: notebook.KmsKeyId ?? '',
    lifecycle: notebook.NotebookInstanceLifecycleConfigName ?? '',
    repository: notebook.DefaultCodeRepository ?? '',
    root: notebook.RootAccess !== 'Disabled',
    more: Object.keys(more).length > 0 ? JSON.stringify(more, null, 2) : '',
  };
}
