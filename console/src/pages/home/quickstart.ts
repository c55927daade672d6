import {
  CreateEndpointCommand, CreateEndpointConfigCommand, CreateModelCommand, CreateTrainingJobCommand,
  DescribeEndpointCommand, DescribeTrainingJobCommand,
} from '@aws-sdk/client-sagemaker';
import { CreateBucketCommand, HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';

import { region } from '../../aws/client';
import { s3 } from '../../aws/s3';
import { sagemaker } from '../../aws/sagemaker';
import { state } from '../../session/session';
import { removeEndpoint, untilGone } from '../endpoints/remove';
import { describeAlgorithm } from '../training/algorithms';
import { FRESH, quickstart, type Quickstart, type Step, type StepName } from './quickstartState';
import testUrl from '../../../../examples/churn/test.csv?url';
import trainUrl from '../../../../examples/churn/train_with_header.csv?url';
import validationUrl from '../../../../examples/churn/validation.csv?url';

// The churn example of `make quickstart`, run by the page with nothing but the API: upload, train,
// deploy, ask. It goes on while other pages are looked at.

const HYPERPARAMETERS = {
  objective: 'binary:logistic', eval_metric: 'auc', num_round: '100', max_depth: '5', eta: '0.2', gamma: '4',
  min_child_weight: '6', subsample: '0.8', seed: '7',
};

function step(name: StepName, value: Step) {
  const now = quickstart.get();
  quickstart.set({ ...now, steps: { ...now.steps, [name]: value } });
}

async function text(url: string): Promise<string> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`The example's data could not be read (status ${answer.status}).`);
  return answer.text();
}

async function upload(bucket: string, prefix: string) {
  step('upload', { status: 'in-progress' });
  const [train, validation] = await Promise.all([text(trainUrl), text(validationUrl)]);
  try {
    await s3().send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (thrown) {
    if ((thrown as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode !== 404) throw thrown;
    const place = region() === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region() as 'eu-west-1' } };
    await s3().send(new CreateBucketCommand({ Bucket: bucket, ...place }));
  }
  // Training data has no header line.
  const rows = train.slice(train.indexOf('\n') + 1);
  await s3().send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/train/train.csv`, Body: rows, ContentType: 'text/csv' }));
  await s3().send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/validation/validation.csv`, Body: validation, ContentType: 'text/csv' }));
  const lines = rows.trimEnd().split('\n').length;
  step('upload', { status: 'success', detail: `${lines} customers to learn from, in s3://${bucket}/${prefix}/` });
}

const pause = (milliseconds: number) => new Promise(done => setTimeout(done, milliseconds));

async function train(name: string, role: string, image: string, data: string): Promise<string> {
  step('train', { status: 'in-progress', detail: 'Starting' });
  const channel = (part: string) => ({
    ChannelName: part,
    ContentType: 'text/csv',
    DataSource: { S3DataSource: { S3DataType: 'S3Prefix' as const, S3DataDistributionType: 'FullyReplicated' as const, S3Uri: `${data}/${part}/` } },
  });
  await sagemaker().send(
    new CreateTrainingJobCommand({
      TrainingJobName: name,
      RoleArn: role,
      AlgorithmSpecification: { TrainingImage: image, TrainingInputMode: 'File' },
      HyperParameters: HYPERPARAMETERS,
      InputDataConfig: [channel('train'), channel('validation')],
      OutputDataConfig: { S3OutputPath: `${data}/output` },
      ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 10 },
      StoppingCondition: { MaxRuntimeInSeconds: 600 },
    })
  );
  quickstart.set({ ...quickstart.get(), job: name });
  for (;;) {
    const job = await sagemaker().send(new DescribeTrainingJobCommand({ TrainingJobName: name }));
    if (job.TrainingJobStatus === 'Completed') {
      const auc = job.FinalMetricDataList?.find(metric => metric.MetricName === 'validation:auc')?.Value;
      step('train', { status: 'success', detail: auc === undefined ? 'Completed' : `Area under the curve on customers not seen before: ${auc.toFixed(4)}` });
      return job.ModelArtifacts!.S3ModelArtifacts!;
    }
    if (job.TrainingJobStatus === 'Failed' || job.TrainingJobStatus === 'Stopped') {
      throw new Error(`The training job ended with ${job.TrainingJobStatus}: ${job.FailureReason ?? 'no reason given'}`);
    }
    step('train', { status: 'in-progress', detail: job.SecondaryStatus });
    await pause(300);
  }
}

async function deploy(name: string, role: string, image: string, artifact: string) {
  step('deploy', { status: 'in-progress', detail: 'Creating the model' });
  await sagemaker().send(new CreateModelCommand({ ModelName: name, ExecutionRoleArn: role, PrimaryContainer: { Image: image, ModelDataUrl: artifact } }));
  await sagemaker().send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: name,
      ProductionVariants: [{ VariantName: 'AllTraffic', ModelName: name, InitialInstanceCount: 1, InstanceType: 'ml.m5.large', InitialVariantWeight: 1 }],
    })
  );
  await sagemaker().send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name }));
  quickstart.set({ ...quickstart.get(), endpoint: name });
  for (;;) {
    const endpoint = await sagemaker().send(new DescribeEndpointCommand({ EndpointName: name }));
    if (endpoint.EndpointStatus === 'InService') break;
    if (endpoint.EndpointStatus !== 'Creating') throw new Error(`The endpoint is ${endpoint.EndpointStatus}: ${endpoint.FailureReason ?? 'no reason given'}`);
    step('deploy', { status: 'in-progress', detail: 'Creating' });
    await pause(300);
  }
  step('deploy', { status: 'success', detail: `The endpoint ${name} is in service` });
}

// The chance that a customer who left scores higher than one who stayed.
export function areaUnderCurve(labels: number[], scores: number[]): number {
  const order = scores.map((_, index) => index).sort((a, b) => scores[a]! - scores[b]!);
  let below = 0;
  let won = 0;
  for (let at = 0; at < order.length; ) {
    let end = at;
    while (end < order.length && scores[order[end]!] === scores[order[at]!]) end += 1;
    const group = order.slice(at, end).map(index => labels[index]!);
    const left = group.filter(Boolean).length;
    won += left * (below + (group.length - left) / 2);
    below += group.length - left;
    at = end;
  }
  const left = labels.filter(Boolean).length;
  return won / (left * (labels.length - left));
}

async function ask(endpoint: string) {
  step('ask', { status: 'in-progress' });
  const { InvokeEndpointCommand } = await import('@aws-sdk/client-sagemaker-runtime');
  const { sagemakerRuntime } = await import('../../aws/sagemakerRuntime');
  const rows = (await text(testUrl)).trim().split('\n').map(line => line.trim());
  const labels = rows.map(row => Number(row.slice(0, row.indexOf(','))));
  const body = rows.map(row => row.slice(row.indexOf(',') + 1)).join('\n');
  const answer = await sagemakerRuntime().send(
    new InvokeEndpointCommand({ EndpointName: endpoint, ContentType: 'text/csv', Accept: 'text/csv', Body: new TextEncoder().encode(body) })
  );
  const scores = new TextDecoder().decode(answer.Body).trim().split(/[,\n]/).map(Number);
  if (scores.length !== labels.length || scores.some(Number.isNaN)) throw new Error(`${labels.length} customers were asked about, ${scores.length} answered.`);
  const caught = scores.filter((score, index) => (score >= 0.5) === (labels[index] === 1)).length;
  step('ask', {
    status: 'success',
    detail: `${labels.length} customers scored: ${Math.round((100 * caught) / labels.length)} % right, area under the curve ${areaUnderCurve(labels, scores).toFixed(4)}`,
  });
}

function stamp(): string {
  return new Date().toISOString().replace(/[-:T]/g, '').slice(0, 14);
}

export async function runQuickstart(role: string): Promise<void> {
  const now = state.get();
  if (now.at !== 'in' || quickstart.get().running) return;
  quickstart.set({ ...FRESH, running: true });
  const suffix = `${stamp().slice(0, 8)}-${stamp().slice(8)}`;
  const bucket = `sagemaker-${region()}-${now.session.account}`;
  const prefix = `churn-quickstart/${suffix}`;
  const name = `churn-${suffix}`;
  try {
    const algorithm = await describeAlgorithm('sagemaker-xgboost', new AbortController().signal);
    const image = algorithm.TrainingSpecification!.TrainingImage!;
    await upload(bucket, prefix);
    const artifact = await train(name, role, image, `s3://${bucket}/${prefix}`);
    await deploy(name, role, image, artifact);
    await ask(name);
  } catch (error) {
    const { steps, ...rest } = quickstart.get();
    const failed = Object.fromEntries(
      Object.entries(steps).map(([key, value]) => [key, value.status === 'in-progress' ? { ...value, status: 'error' } : value])
    ) as Quickstart['steps'];
    quickstart.set({ ...rest, steps: failed, error });
  } finally {
    quickstart.set({ ...quickstart.get(), running: false });
  }
}

// What runs and costs memory goes; job and data stay. Done when the endpoint is gone, not when it was
// asked to go.
export async function cleanUp(): Promise<void> {
  const { endpoint, removing } = quickstart.get();
  if (!endpoint || removing) return;
  quickstart.set({ ...quickstart.get(), removing: true });
  try {
    await removeEndpoint(endpoint, endpoint, [endpoint]);
    await untilGone(endpoint);
    quickstart.set(FRESH);
  } finally {
    quickstart.set({ ...quickstart.get(), removing: false });
  }
}
