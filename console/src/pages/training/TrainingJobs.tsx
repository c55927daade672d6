import { ListTrainingJobsCommand, type SortBy, type TrainingJobStatus, type TrainingJobSummary } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { to } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { LinkButton } from '../../parts/LinkButton';
import { PageLink } from '../../parts/PageLink';
import { type Ask, type Column, ResourceTable } from '../../parts/ResourceTable';
import { StatusBadge } from '../../parts/StatusBadge';
import { duration, Time } from '../../parts/Time';

const STATUSES = ['InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped'];
const FILTERS = [
  { name: 'name', label: 'Find by name' },
  { name: 'status', label: 'Status', options: STATUSES },
];

const COLUMNS: Column<TrainingJobSummary>[] = [
  {
    id: 'name',
    header: 'Name',
    sort: 'Name',
    cell: job => <PageLink to={to('training', job.TrainingJobName!)}>{job.TrainingJobName}</PageLink>,
  },
  { id: 'status', header: 'Status', sort: 'Status', cell: job => <StatusBadge status={job.TrainingJobStatus} /> },
  { id: 'created', header: 'Created', sort: 'CreationTime', cell: job => <Time at={job.CreationTime} /> },
  {
    id: 'took',
    header: 'Took',
    cell: job => (job.TrainingEndTime ? duration((job.TrainingEndTime.getTime() - job.CreationTime!.getTime()) / 1000) : '–'),
  },
];

async function load({ token, filters, sort, descending, signal }: Ask) {
  const answer = await sagemaker().send(
    new ListTrainingJobsCommand({
      MaxResults: 25,
      NextToken: token,
      NameContains: filters.name || undefined,
      StatusEquals: (filters.status || undefined) as TrainingJobStatus | undefined,
      SortBy: sort as SortBy,
      SortOrder: descending ? 'Descending' : 'Ascending',
    }),
    { abortSignal: signal }
  );
  return { items: answer.TrainingJobSummaries ?? [], next: answer.NextToken };
}

function Empty() {
  return (
    <SpaceBetween size="xxs" alignItems="center">
      <Box variant="strong">No training jobs yet</Box>
      <Box color="text-body-secondary">A training job fits a model to data in S3. Start one here, or with any SageMaker client.</Box>
    </SpaceBetween>
  );
}

export default function TrainingJobs() {
  return (
    <ResourceTable
      title="Training jobs"
      columns={COLUMNS}
      id={job => job.TrainingJobArn!}
      load={load}
      filters={FILTERS}
      sort="CreationTime"
      empty={<Empty />}
      actions={
        <LinkButton to="/training/~create" variant="primary">
          Create a training job
        </LinkButton>
      }
    />
  );
}
