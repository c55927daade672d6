// The AWS SDK for JavaScript v3 from bucket to log lines. Only the environment says where.
'use strict';
const assert = require('node:assert');
const { S3Client, CreateBucketCommand, PutObjectCommand, GetObjectCommand, ListObjectsV2Command,
  DeleteObjectsCommand, DeleteBucketCommand, HeadObjectCommand } = require('@aws-sdk/client-s3');
const { getSignedUrl } = require('@aws-sdk/s3-request-presigner');
const { Upload } = require('@aws-sdk/lib-storage');
const { SageMakerClient, CreateTrainingJobCommand, DescribeTrainingJobCommand,
  waitUntilTrainingJobCompletedOrStopped, paginateListTrainingJobs } =
  require('@aws-sdk/client-sagemaker');
const { SageMakerRuntimeClient, InvokeEndpointCommand } =
  require('@aws-sdk/client-sagemaker-runtime');
const { CloudWatchLogsClient, DescribeLogStreamsCommand, GetLogEventsCommand } =
  require('@aws-sdk/client-cloudwatch-logs');
const { CloudWatchClient, PutMetricDataCommand, ListMetricsCommand } =
  require('@aws-sdk/client-cloudwatch');
const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');

const suffix = Math.random().toString(36).slice(2, 10);
const request = JSON.parse(process.env.TRAINING_REQUEST);
const row = process.env.TEST_ROW;

async function storage() {
  const s3 = new S3Client({ forcePathStyle: true });
  const Bucket = `js-${suffix}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  const Key = 'dir/ü + .txt';
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'hello', Metadata: { a: 'b' } }));
  const got = await s3.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
  assert.strictEqual(await got.Body.transformToString(), 'hello');
  assert.deepStrictEqual(got.Metadata, { a: 'b' });
  assert.ok(got.ChecksumCRC32);
  const large = Buffer.alloc(12 * 1024 * 1024, 7);
  await new Upload({ client: s3, params: { Bucket, Key: 'large', Body: large } }).done();
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'large' }));
  assert.strictEqual(head.ContentLength, large.length);
  const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), { expiresIn: 60 });
  assert.strictEqual(await (await fetch(url)).text(), 'hello');
  const list = await s3.send(new ListObjectsV2Command({ Bucket }));
  assert.deepStrictEqual(list.Contents.map((o) => o.Key), [Key, 'large']);
  await assert.rejects(s3.send(new GetObjectCommand({ Bucket, Key: 'none' })),
    { name: 'NoSuchKey' });
  await s3.send(new DeleteObjectsCommand({
    Bucket, Delete: { Objects: list.Contents.map((o) => ({ Key: o.Key })) } }));
  await s3.send(new DeleteBucketCommand({ Bucket }));
}

async function training() {
  const sagemaker = new SageMakerClient({});
  const who = await new STSClient({}).send(new GetCallerIdentityCommand({}));
  assert.match(who.Arn, /:assumed-role\//);
  const TrainingJobName = `js-${suffix}`;
  await sagemaker.send(new CreateTrainingJobCommand({ ...request, TrainingJobName }));
  await waitUntilTrainingJobCompletedOrStopped(
    { client: sagemaker, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { TrainingJobName });
  const job = await sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName }));
  assert.strictEqual(job.TrainingJobStatus, 'Completed', job.FailureReason);
  assert.ok(job.CreationTime instanceof Date);
  const names = [];
  for await (const page of paginateListTrainingJobs(
    { client: sagemaker, pageSize: 1 }, { NameContains: `js-${suffix}` })) {
    names.push(...page.TrainingJobSummaries.map((s) => s.TrainingJobName));
  }
  assert.deepStrictEqual(names, [TrainingJobName]);
  await assert.rejects(
    sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName: 'no-such' })),
    (error) => ['ValidationException', 'ResourceNotFound'].includes(error.name));
  const logs = new CloudWatchLogsClient({});
  const logGroupName = '/aws/sagemaker/TrainingJobs';
  const { logStreams } = await logs.send(new DescribeLogStreamsCommand(
    { logGroupName, logStreamNamePrefix: `${TrainingJobName}/` }));
  const { events } = await logs.send(new GetLogEventsCommand(
    { logGroupName, logStreamName: logStreams[0].logStreamName, startFromHead: true }));
  assert.ok(events.some((e) => e.message.includes('train-auc')));
}

async function inference() {
  const runtime = new SageMakerRuntimeClient({});
  const answer = await runtime.send(new InvokeEndpointCommand(
    { EndpointName: process.env.ENDPOINT_NAME, ContentType: 'text/csv', Body: row }));
  const score = Number(Buffer.from(answer.Body).toString());
  assert.ok(score >= 0 && score <= 1);
}

async function metrics() {
  const cloudwatch = new CloudWatchClient({});
  const Namespace = `Js/${suffix}`;
  await cloudwatch.send(new PutMetricDataCommand(
    { Namespace, MetricData: [{ MetricName: 'm', Value: 1.5, Timestamp: new Date() }] }));
  const { Metrics } = await cloudwatch.send(new ListMetricsCommand({ Namespace }));
  assert.deepStrictEqual(Metrics.map((m) => m.MetricName), ['m']);
}

const parts = { storage, training, inference, metrics };
parts[process.argv[2]]().then(() => console.log('ok'), (error) => {
  console.error(error);
  process.exit(1);
});
