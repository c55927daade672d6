import { ListTransformJobsCommand, type TransformJobStatus } from '@aws-sdk/client-sagemaker';

import { sagemaker } from '../../aws/sagemaker';
import { JobList, type JobRow, listInput } from '../../parts/JobList';
import type { Ask } from '../../parts/ResourceTable';

async function load(ask: Ask) {
  const command = new ListTransformJobsCommand(listInput<TransformJobStatus>(ask));
  const answer = await sagemaker().send(command, { abortSignal: ask.signal });
  const items = (answer.TransformJobSummaries ?? []).map(
    (job): JobRow => ({
      name: job.TransformJobName, arn: job.TransformJobArn, status: job.TransformJobStatus, created: job.CreationTime, ended: job.TransformEndTime,
      why: job.FailureReason,
    })
  );
  return { items, next: answer.NextToken };
}

export default function TransformJobs() {
  return (
    <JobList
      kind="transform job"
      path="transform"
      load={load}
      what="A transform job has a model answer a whole folder of data. Start one here, or with any SageMaker client."
      reasons
      creates
    />
  );
}
