import type { CreateTrainingJobRequest, DescribeTrainingJobResponse } from '@aws-sdk/client-sagemaker';

import { literal } from '../../parts/python';

// CreateTrainingJob's members that Describe shows as they were given.
const MEMBERS = [
  'TrainingJobName', 'HyperParameters', 'AlgorithmSpecification', 'RoleArn', 'InputDataConfig', 'OutputDataConfig',
  'ResourceConfig', 'VpcConfig', 'StoppingCondition', 'EnableNetworkIsolation', 'EnableInterContainerTrafficEncryption',
  'EnableManagedSpotTraining', 'CheckpointConfig', 'DebugHookConfig', 'DebugRuleConfigurations',
  'TensorBoardOutputConfig', 'ExperimentConfig', 'ProfilerConfig', 'ProfilerRuleConfigurations', 'Environment',
  'RetryStrategy', 'RemoteDebugConfig', 'InfraCheckConfig',
] as const;

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === false || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
}

// The same without what says nothing.
export function pruned<T>(value: T): T {
  if (Array.isArray(value)) return value.map(pruned) as T;
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  const kept = Object.entries(value)
    .map(([name, member]) => [name, pruned(member)] as const)
    .filter(([, member]) => !isEmpty(member));
  return Object.fromEntries(kept) as T;
}

// What would start the same job.
export function requestOf(job: DescribeTrainingJobResponse): CreateTrainingJobRequest {
  const picked = Object.fromEntries(MEMBERS.map(name => [name, job[name]]));
  const request = pruned(picked) as unknown as CreateTrainingJobRequest;
  // Metrics of a built-in algorithm are its own; to name them again would be refused.
  const specification = { ...request.AlgorithmSpecification } as NonNullable<CreateTrainingJobRequest['AlgorithmSpecification']>;
  if ((specification.MetricDefinitions?.length ?? 0) > 40) delete specification.MetricDefinitions;
  return { ...request, AlgorithmSpecification: specification };
}

// A name that is free: "churn" -> "churn-2", "churn-2" -> "churn-3", with today's time for certain.
export function nextName(name: string): string {
  const stamp = new Date().toISOString().replace(/[-:T]/g, '').slice(4, 14);
  const stem = name.replace(/-\d{10}$/, '').slice(0, 52);
  return `${stem}-${stamp}`;
}

// With an Estimator of the SageMaker Python SDK.
export function sdkCode(request: CreateTrainingJobRequest): string {
  const cluster = request.ResourceConfig ?? ({} as never);
  const named: [string, unknown][] = [
    ['image_uri', request.AlgorithmSpecification?.TrainingImage ?? request.AlgorithmSpecification?.AlgorithmName],
    ['role', request.RoleArn],
    ['instance_count', cluster.InstanceCount],
    ['instance_type', cluster.InstanceType],
    ['volume_size', cluster.VolumeSizeInGB],
    ['max_run', request.StoppingCondition?.MaxRuntimeInSeconds],
    ['input_mode', request.AlgorithmSpecification?.TrainingInputMode],
    ['output_path', request.OutputDataConfig?.S3OutputPath],
    ['hyperparameters', request.HyperParameters],
    ['environment', request.Environment],
  ];
  const given = named.filter(([, value]) => !isEmpty(value));
  const channels = (request.InputDataConfig ?? []).map(channel => {
    const source = channel.DataSource?.S3DataSource;
    const more = channel.ContentType ? `, content_type=${literal(channel.ContentType)}` : '';
    return `    ${literal(channel.ChannelName)}: TrainingInput(${literal(source?.S3Uri)}${more}),\n`;
  });
  return [
    'from sagemaker.estimator import Estimator',
    ...(channels.length ? ['from sagemaker.inputs import TrainingInput'] : []),
    '',
    `estimator = Estimator(\n${given.map(([name, value]) => `    ${name}=${literal(value, '    ')},\n`).join('')})`,
    `estimator.fit(${channels.length ? `{\n${channels.join('')}}, ` : ''}job_name=${literal(request.TrainingJobName)})`,
    '',
  ].join('\n');
}
