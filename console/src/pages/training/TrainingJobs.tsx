import { ListTrainingJobsCommand, type TrainingJobStatus } from '@aws-sdk/client-sagemaker';

import { sagemaker } from '../../aws/sagemaker';
import { JobList, type JobRow, listInput } from '../../parts/JobList';
import type { Ask } from '../../parts/ResourceTable';

async function load(ask: Ask) {
  const command = new ListTrainingJobsCommand(listInput<TrainingJobStatus>(ask));
  const answer = await sagemaker().send(command, { abortSignal: ask.signal });
  const items = (answer.TrainingJobSummaries ?? []).map(
    (job): JobRow => ({ name: job.TrainingJobName, arn: job.TrainingJobArn, status: job.TrainingJobStatus, created: job.CreationTime, ended: job.TrainingEndTime })
  );
  return { items, next: answer.NextToken };
}

export default function TrainingJobs() {
  return (
    <JobList
      kind="training job"
      path="training"
      load={load}
      what="A training job fits a model to data in S3. Start one here, or with any SageMaker client."
      creates
    />
  );
}
