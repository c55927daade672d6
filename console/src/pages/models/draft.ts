import { CreateModelCommand, type CreateModelCommandInput, DescribeTrainingJobCommand, ListTrainingJobsCommand } from '@aws-sdk/client-sagemaker';

import { sagemaker } from '../../aws/sagemaker';

// A model that is being thought of.
export interface Draft {
  name: string;
  image: string;
  artifact: string;
  role: string;
  environment: { name: string; value: string }[];
  isolated: boolean;
}

export const EMPTY: Draft = { name: '', image: '', artifact: '', role: '', environment: [], isolated: false };

export const NAME = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;
export const NAME_RULE = 'Up to 63 letters, digits and hyphens';

export function requestOf(draft: Draft): CreateModelCommandInput {
  const environment = draft.environment.filter(one => one.name !== '');
  return {
    ModelName: draft.name,
    ExecutionRoleArn: draft.role,
    PrimaryContainer: {
      Image: draft.image,
      ModelDataUrl: draft.artifact || undefined,
      Environment: environment.length ? Object.fromEntries(environment.map(({ name, value }) => [name, value])) : undefined,
    },
    EnableNetworkIsolation: draft.isolated || undefined,
  };
}

export async function createModel(draft: Draft) {
  await sagemaker().send(new CreateModelCommand(requestOf(draft)));
}

// What is wrong with it, by field.
export function faultsOf(draft: Draft): Partial<Record<keyof Draft, string>> {
  const faults: Partial<Record<keyof Draft, string>> = {};
  if (!NAME.test(draft.name)) faults.name = `${NAME_RULE}, with a letter or digit at both ends.`;
  if (!draft.image) faults.image = 'Which image serves the model?';
  if (draft.artifact && !/^s3:\/\/[^/]+\/.+/.test(draft.artifact)) faults.artifact = 'An S3 URI such as s3://bucket/path/model.tar.gz.';
  if (!/^arn:[\w-]+:iam::\d{12}:role\/.+/.test(draft.role)) faults.role = 'The ARN of a role that may read the model and its image.';
  return faults;
}

// `next` in place of `filled`, with which `draft` began: what somebody has changed since then stays.
export function refill(draft: Draft, filled: Draft, next: Draft): Draft {
  const changed = Object.entries(draft).filter(([field, value]) => value !== filled[field as keyof Draft]);
  return { ...next, ...Object.fromEntries(changed) };
}

// Image, artifact and role of a completed training job; a name that is close to the job's.
export async function draftOfJob(job: string, signal?: AbortSignal): Promise<Draft> {
  const known = await sagemaker().send(new DescribeTrainingJobCommand({ TrainingJobName: job }), { abortSignal: signal });
  return {
    ...EMPTY,
    name: job.slice(0, 63).replace(/-+$/, ''),
    image: known.AlgorithmSpecification?.TrainingImage ?? '',
    artifact: known.ModelArtifacts?.S3ModelArtifacts ?? '',
    role: known.RoleArn ?? '',
    isolated: known.EnableNetworkIsolation ?? false,
  };
}

// Completed training jobs whose names contain `text`, the latest first.
export async function completedJobs(text: string, signal: AbortSignal): Promise<string[]> {
  const answer = await sagemaker().send(
    new ListTrainingJobsCommand({ NameContains: text || undefined, StatusEquals: 'Completed', SortBy: 'CreationTime', SortOrder: 'Descending', MaxResults: 25 }),
    { abortSignal: signal }
  );
  return (answer.TrainingJobSummaries ?? []).map(job => job.TrainingJobName!);
}
