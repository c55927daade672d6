import type { Channel, CreateTrainingJobRequest, HyperParameterSpecification } from '@aws-sdk/client-sagemaker';

import { pruned } from './request';

// What the form holds: texts, as they are typed.
export interface ChannelDraft {
  name: string;
  uri: string;
  type: string;
  mode: string; // '': the job's
}

export interface Draft {
  name: string;
  role: string;
  algorithm: string; // of a built-in one; '': an image of one's own
  image: string;
  hyperparameters: Record<string, string>;
  channels: ChannelDraft[];
  inputMode: string;
  output: string;
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
  algorithm: 'sagemaker-xgboost',
  image: '',
  hyperparameters: {},
  channels: [{ name: 'train', uri: '', type: 'text/csv', mode: '' }],
  inputMode: 'File',
  output: '',
  instanceType: 'ml.m5.large',
  instanceCount: '1',
  volume: '10',
  maxSeconds: '3600',
  environment: [],
  more: '',
};

function channelOf(draft: ChannelDraft, template?: Channel): Channel {
  const source = template?.DataSource?.S3DataSource;
  return pruned<Channel>({
    ...template,
    ChannelName: draft.name,
    ContentType: draft.type || undefined,
    InputMode: (draft.mode || undefined) as Channel['InputMode'],
    DataSource: {
      S3DataSource: { S3DataType: 'S3Prefix', S3DataDistributionType: 'FullyReplicated', ...source, S3Uri: draft.uri },
    },
  });
}

export class DraftError extends Error {}

// What the field for further members of a request holds.
export function parsedMore<Request>(text: string): Partial<Request> {
  if (!text.trim()) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed && typeof parsed === 'object' && !Array.isArray(parsed)) return parsed as Partial<Request>;
  } catch (thrown) {
    throw new DraftError(`The further members are not JSON: ${(thrown as Error).message}`);
  }
  throw new DraftError('The further members have to be a JSON object, like {"EnableNetworkIsolation": true}.');
}

// The request; `image` is that of the built-in algorithm. Whatever is wrong with it the server says.
export function requestOfDraft(draft: Draft, image: string): CreateTrainingJobRequest {
  const more = parsedMore<CreateTrainingJobRequest>(draft.more);
  const hyperparameters = Object.fromEntries(Object.entries(draft.hyperparameters).filter(([, value]) => value !== ''));
  return pruned<CreateTrainingJobRequest>({
    ...more,
    TrainingJobName: draft.name,
    RoleArn: draft.role,
    AlgorithmSpecification: {
      ...more.AlgorithmSpecification,
      TrainingImage: draft.algorithm ? image : draft.image,
      TrainingInputMode: draft.inputMode as 'File',
    },
    HyperParameters: hyperparameters,
    InputDataConfig: draft.channels
      .filter(channel => channel.name || channel.uri)
      .map(channel => channelOf(channel, more.InputDataConfig?.find(one => one.ChannelName === channel.name))),
    OutputDataConfig: { ...more.OutputDataConfig, S3OutputPath: draft.output },
    ResourceConfig: {
      ...more.ResourceConfig,
      InstanceType: draft.instanceType as 'ml.m5.large',
      InstanceCount: Number(draft.instanceCount),
      VolumeSizeInGB: Number(draft.volume),
    },
    StoppingCondition: { ...more.StoppingCondition, MaxRuntimeInSeconds: Number(draft.maxSeconds) },
    Environment: Object.fromEntries(draft.environment.filter(one => one.key).map(one => [one.key, one.value])),
  });
}

const SHOWN = new Set(['TrainingJobName', 'RoleArn', 'HyperParameters', 'Environment']);

// The other way round, for "clone and edit": what has no field of its own goes on in `more`.
export function draftOf(request: CreateTrainingJobRequest, builtIn: string): Draft {
  const { AlgorithmSpecification: algorithm, ResourceConfig: cluster, InputDataConfig: channels = [] } = request;
  const rest: Record<string, unknown> = Object.fromEntries(Object.entries(request).filter(([name]) => !SHOWN.has(name)));
  const without = (value: object | undefined, ...names: string[]) =>
    Object.fromEntries(Object.entries(value ?? {}).filter(([name]) => !names.includes(name)));
  rest.AlgorithmSpecification = without(algorithm, 'TrainingImage', 'TrainingInputMode');
  rest.ResourceConfig = without(cluster, 'InstanceType', 'InstanceCount', 'VolumeSizeInGB');
  rest.StoppingCondition = without(request.StoppingCondition, 'MaxRuntimeInSeconds');
  rest.OutputDataConfig = without(request.OutputDataConfig, 'S3OutputPath');
  const plain = (channel: Channel) => {
    const source = channel.DataSource?.S3DataSource;
    return source?.S3DataType === 'S3Prefix' && source.S3DataDistributionType !== 'ShardedByS3Key';
  };
  rest.InputDataConfig = channels.every(plain) ? [] : channels;
  const more = pruned(rest);
  return {
    name: request.TrainingJobName ?? '',
    role: request.RoleArn ?? '',
    algorithm: builtIn,
    image: builtIn ? '' : (algorithm?.TrainingImage ?? ''),
    hyperparameters: { ...request.HyperParameters },
    channels: channels.map(one => ({ name: one.ChannelName ?? '', uri: one.DataSource?.S3DataSource?.S3Uri ?? '', type: one.ContentType ?? '', mode: one.InputMode ?? '' })),
    inputMode: algorithm?.TrainingInputMode ?? 'File',
    output: request.OutputDataConfig?.S3OutputPath ?? '',
    instanceType: cluster?.InstanceType ?? EMPTY.instanceType,
    instanceCount: String(cluster?.InstanceCount ?? 1),
    volume: String(cluster?.VolumeSizeInGB ?? 10),
    maxSeconds: String(request.StoppingCondition?.MaxRuntimeInSeconds ?? 3600),
    environment: Object.entries(request.Environment ?? {}).map(([key, value]) => ({ key, value })),
    more: Object.keys(more).length > 0 ? JSON.stringify(more, null, 2) : '',
  };
}

// Why a value cannot be right; the algorithm itself has the last word.
export function faultOf(specification: HyperParameterSpecification, value: string): string | undefined {
  if (value === '') return specification.IsRequired ? 'This one has to be given.' : undefined;
  const { Type: type, Range: range } = specification;
  if (type !== 'Integer' && type !== 'Continuous') return undefined;
  const number = Number(value);
  if (Number.isNaN(number) || (type === 'Integer' && !Number.isInteger(number))) return type === 'Integer' ? 'A whole number.' : 'A number.';
  const bounds = range?.IntegerParameterRangeSpecification ?? range?.ContinuousParameterRangeSpecification;
  if (bounds && (number < Number(bounds.MinValue) || number > Number(bounds.MaxValue))) {
    return `From ${Number(bounds.MinValue)} to ${Number(bounds.MaxValue)}.`;
  }
  return undefined;
}
