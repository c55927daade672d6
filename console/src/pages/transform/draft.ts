import type { AssemblyType, BatchStrategy, CompressionType, CreateTransformJobRequest, DescribeTransformJobResponse, SplitType } from '@aws-sdk/client-sagemaker';

import { parsedMore } from '../training/draft';
import { nextName, pruned } from '../training/request';

// What the form of a transform job holds: texts, as they are typed; '': not given.
export interface Draft {
  name: string;
  model: string;
  uri: string;
  contentType: string;
  compression: string;
  split: string;
  strategy: string;
  output: string;
  accept: string;
  assemble: string;
  instanceType: string;
  instanceCount: string;
  more: string; // any further members of the request, as JSON
}

export const EMPTY: Draft = {
  name: '', model: '', uri: '', contentType: 'text/csv', compression: '', split: 'Line', strategy: '',
  output: '', accept: '', assemble: 'Line', instanceType: 'ml.m5.large', instanceCount: '1', more: '',
};

// Whatever is wrong with the request the server says.
export function requestOf(draft: Draft): CreateTransformJobRequest {
  const more = parsedMore<CreateTransformJobRequest>(draft.more);
  return pruned<CreateTransformJobRequest>({
    ...more,
    TransformJobName: draft.name,
    ModelName: draft.model,
    BatchStrategy: (draft.strategy || undefined) as BatchStrategy | undefined,
    TransformInput: {
      ...more.TransformInput,
      DataSource: { S3DataSource: { S3DataType: 'S3Prefix', ...more.TransformInput?.DataSource?.S3DataSource, S3Uri: draft.uri } },
      ContentType: draft.contentType,
      CompressionType: (draft.compression || undefined) as CompressionType | undefined,
      SplitType: (draft.split || undefined) as SplitType | undefined,
    },
    TransformOutput: {
      ...more.TransformOutput,
      S3OutputPath: draft.output,
      Accept: draft.accept,
      AssembleWith: (draft.assemble || undefined) as AssemblyType | undefined,
    },
    TransformResources: { ...more.TransformResources, InstanceType: draft.instanceType as 'ml.m5.large', InstanceCount: Number(draft.instanceCount) },
  });
}

// For "clone and edit": what has no field of its own goes on in `more`.
export function draftOf(job: DescribeTransformJobResponse): Draft {
  const source = job.TransformInput?.DataSource?.S3DataSource;
  const more = pruned({
    MaxConcurrentTransforms: job.MaxConcurrentTransforms,
    MaxPayloadInMB: job.MaxPayloadInMB,
    ModelClientConfig: job.ModelClientConfig,
    Environment: job.Environment,
    DataProcessing: job.DataProcessing,
    DataCaptureConfig: job.DataCaptureConfig,
    ExperimentConfig: job.ExperimentConfig,
    TransformInput: source?.S3DataType === 'ManifestFile' ? { DataSource: { S3DataSource: { S3DataType: source.S3DataType } } } : undefined,
    TransformOutput: { KmsKeyId: job.TransformOutput?.KmsKeyId },
    TransformResources: { VolumeKmsKeyId: job.TransformResources?.VolumeKmsKeyId },
  });
  return {
    name: nextName(job.TransformJobName!),
    model: job.ModelName ?? '',
    uri: source?.S3Uri ?? '',
    contentType: job.TransformInput?.ContentType ?? '',
    compression: job.TransformInput?.CompressionType ?? '',
    split: job.TransformInput?.SplitType ?? '',
    strategy: job.BatchStrategy ?? '',
    output: job.TransformOutput?.S3OutputPath ?? '',
    accept: job.TransformOutput?.Accept ?? '',
    assemble: job.TransformOutput?.AssembleWith ?? '',
    instanceType: job.TransformResources?.InstanceType ?? EMPTY.instanceType,
    instanceCount: String(job.TransformResources?.InstanceCount ?? 1),
    more: Object.keys(more).length > 0 ? JSON.stringify(more, null, 2) : '',
  };
}
