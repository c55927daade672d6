import { ListProcessingJobsCommand, type ProcessingJobStatus } from '@aws-sdk/client-sagemaker';

import { sagemaker } from '../../aws/sagemaker';
import { JobList, type JobRow, listInput } from '../../parts/JobList';
import type { Ask } from '../../parts/ResourceTable';

async function load(ask: Ask) {
  const command = new ListProcessingJobsCommand(listInput<ProcessingJobStatus>(ask));
  const answer = await sagemaker().send(command, { abortSignal: ask.signal });
  const items = (answer.ProcessingJobSummaries ?? []).map(
    (job): JobRow => ({
      name: job.ProcessingJobName, arn: job.ProcessingJobArn, status: job.ProcessingJobStatus, created: job.CreationTime, ended: job.ProcessingEndTime,
      why: job.FailureReason ?? job.ExitMessage,
    })
  );
  return { items, next: answer.NextToken };
}

export default function ProcessingJobs() {
  return (
    <JobList
      kind="processing job"
      path="processing"
      load={load}
      what="A processing job runs a script or an image over data: to prepare it, or to evaluate a model. Start one here, or with any SageMaker client."
      reasons
      creates
    />
  );
}
