import type { CreateProcessingJobRequest, DescribeProcessingJobResponse, ProcessingInput, ProcessingOutput } from '@aws-sdk/client-sagemaker';

import { parsedMore } from '../training/draft';
import { nextName, pruned } from '../training/request';

// What the form of a processing job holds: texts, as they are typed.

export interface Place {
  name: string;
  uri: string;
  path: string; // in the container
}

export interface Draft {
  name: string;
  role: string;
  image: string;
  entrypoint: string; // one word on each line
  words: string; // ContainerArguments, likewise
  inputs: Place[];
  outputs: Place[];
  instanceType: string;
  instanceCount: string;
  volume: string;
  maxSeconds: string;
  environment: { key: string; value: string }[];
  more: string; // any further members of the request, as JSON
}

export const EMPTY: Draft = {
  name: '',
  role: '',
  image: '',
  entrypoint: 'python3\n/opt/ml/processing/input/code/script.py',
  words: '',
  inputs: [{ name: 'code', uri: '', path: '/opt/ml/processing/input/code' }],
  outputs: [{ name: 'result', uri: '', path: '/opt/ml/processing/output' }],
  instanceType: 'ml.m5.large',
  instanceCount: '1',
  volume: '10',
  maxSeconds: '3600',
  environment: [],
  more: '',
};

const lines = (text: string) => text.split('\n').map(line => line.trim()).filter(Boolean);

// What the form has, over what `more` has of the same name, and what only `more` has.
function merged<T extends { [name in Key]?: string }, Key extends string>(key: Key, given: T[], more: T[] | undefined, over: (one: T, known?: T) => T): T[] {
  const rest = (more ?? []).filter(known => !given.some(one => one[key] === known[key]));
  return [...given.map(one => over(one, more?.find(known => known[key] === one[key]))), ...rest];
}

function inputsOf(draft: Draft, more?: ProcessingInput[]): ProcessingInput[] {
  const given = draft.inputs
    .filter(one => one.name || one.uri)
    .map((one): ProcessingInput => ({ InputName: one.name, S3Input: { S3Uri: one.uri, LocalPath: one.path, S3DataType: 'S3Prefix', S3InputMode: 'File' } }));
  return merged('InputName', given, more, (one, known) => ({ ...known, InputName: one.InputName, S3Input: { ...one.S3Input!, ...known?.S3Input, S3Uri: one.S3Input!.S3Uri, LocalPath: one.S3Input!.LocalPath } }));
}

function outputsOf(draft: Draft, more?: ProcessingOutput[]): ProcessingOutput[] {
  const given = draft.outputs
    .filter(one => one.name || one.uri)
    .map((one): ProcessingOutput => ({ OutputName: one.name, S3Output: { S3Uri: one.uri, LocalPath: one.path, S3UploadMode: 'EndOfJob' } }));
  return merged('OutputName', given, more, (one, known) => ({ ...known, OutputName: one.OutputName, S3Output: { ...one.S3Output!, ...known?.S3Output, S3Uri: one.S3Output!.S3Uri, LocalPath: one.S3Output!.LocalPath } }));
}

// Whatever is wrong with the request the server says.
export function requestOf(draft: Draft): CreateProcessingJobRequest {
  const more = parsedMore<CreateProcessingJobRequest>(draft.more);
  return pruned<CreateProcessingJobRequest>({
    ...more,
    ProcessingJobName: draft.name,
    RoleArn: draft.role,
    AppSpecification: {
      ...more.AppSpecification,
      ImageUri: draft.image,
      ContainerEntrypoint: lines(draft.entrypoint),
      ContainerArguments: lines(draft.words),
    },
    ProcessingInputs: inputsOf(draft, more.ProcessingInputs),
    ProcessingOutputConfig: { ...more.ProcessingOutputConfig, Outputs: outputsOf(draft, more.ProcessingOutputConfig?.Outputs) },
    ProcessingResources: {
      ClusterConfig: {
        ...more.ProcessingResources?.ClusterConfig,
        InstanceType: draft.instanceType as 'ml.m5.large',
        InstanceCount: Number(draft.instanceCount),
        VolumeSizeInGB: Number(draft.volume),
      },
    },
    StoppingCondition: { MaxRuntimeInSeconds: Number(draft.maxSeconds) },
    Environment: Object.fromEntries(draft.environment.filter(one => one.key).map(one => [one.key, one.value])),
  });
}

// For "clone and edit": what has no field of its own goes on in `more`.
export function draftOf(job: DescribeProcessingJobResponse): Draft {
  const cluster = job.ProcessingResources?.ClusterConfig;
  const inputs = job.ProcessingInputs ?? [];
  const outputs = job.ProcessingOutputConfig?.Outputs ?? [];
  const more = pruned({
    NetworkConfig: job.NetworkConfig,
    ExperimentConfig: job.ExperimentConfig,
    ProcessingInputs: inputs.filter(one => !one.S3Input || one.AppManaged || one.S3Input.S3DataDistributionType === 'ShardedByS3Key' || one.S3Input.S3CompressionType === 'Gzip' || one.S3Input.S3DataType === 'ManifestFile' || one.S3Input.S3InputMode === 'Pipe'),
    ProcessingOutputConfig: { KmsKeyId: job.ProcessingOutputConfig?.KmsKeyId, Outputs: outputs.filter(one => !one.S3Output || one.AppManaged || one.S3Output.S3UploadMode === 'Continuous') },
    ProcessingResources: { ClusterConfig: { VolumeKmsKeyId: cluster?.VolumeKmsKeyId } },
  });
  return {
    name: nextName(job.ProcessingJobName!),
    role: job.RoleArn ?? '',
    image: job.AppSpecification?.ImageUri ?? '',
    entrypoint: (job.AppSpecification?.ContainerEntrypoint ?? []).join('\n'),
    words: (job.AppSpecification?.ContainerArguments ?? []).join('\n'),
    inputs: inputs.filter(one => one.S3Input).map(one => ({ name: one.InputName ?? '', uri: one.S3Input!.S3Uri ?? '', path: one.S3Input!.LocalPath ?? '' })),
    outputs: outputs.filter(one => one.S3Output).map(one => ({ name: one.OutputName ?? '', uri: one.S3Output!.S3Uri ?? '', path: one.S3Output!.LocalPath ?? '' })),
    instanceType: cluster?.InstanceType ?? 'ml.m5.large',
    instanceCount: String(cluster?.InstanceCount ?? 1),
    volume: String(cluster?.VolumeSizeInGB ?? 10),
    maxSeconds: String(job.StoppingCondition?.MaxRuntimeInSeconds ?? 3600),
    environment: Object.entries(job.Environment ?? {}).map(([key, value]) => ({ key, value })),
    more: Object.keys(more).length > 0 ? JSON.stringify(more, null, 2) : '',
  };
}
