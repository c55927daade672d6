import { ListTransformJobsCommand, type TransformJobStatus, type TransformJobSummary, type SortBy } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { to } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { PageLink } from '../../parts/PageLink';
import { type Ask, type Column, ResourceTable } from '../../parts/ResourceTable';
import { StatusBadge } from '../../parts/StatusBadge';
import { duration, Time } from '../../parts/Time';

const FILTERS = [
  { name: 'name', label: 'Find by name' },
  { name: 'status', label: 'Status', options: ['InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped'] },
];

const COLUMNS: Column<TransformJobSummary>[] = [
  { id: 'name', header: 'Name', sort: 'Name', cell: job => <PageLink to={to('transform', job.TransformJobName!)}>{job.TransformJobName}</PageLink> },
  { id: 'status', header: 'Status', sort: 'Status', cell: job => <StatusBadge status={job.TransformJobStatus} /> },
  { id: 'created', header: 'Created', sort: 'CreationTime', cell: job => <Time at={job.CreationTime} /> },
  { id: 'took', header: 'Took', cell: job => (job.TransformEndTime ? duration((job.TransformEndTime.getTime() - job.CreationTime!.getTime()) / 1000) : '–') },
  { id: 'why', header: 'Reason', cell: job => job.FailureReason ?? '–' },
];

async function load({ token, filters, sort, descending, signal }: Ask) {
  const answer = await sagemaker().send(
    new ListTransformJobsCommand({
      MaxResults: 25,
      NextToken: token,
      NameContains: filters.name || undefined,
      StatusEquals: (filters.status || undefined) as TransformJobStatus | undefined,
      SortBy: sort as SortBy,
      SortOrder: descending ? 'Descending' : 'Ascending',
    }),
    { abortSignal: signal }
  );
  return { items: answer.TransformJobSummaries ?? [], next: answer.NextToken };
}

export default function TransformJobs() {
  return (
    <ResourceTable
      title="Transform jobs"
      columns={COLUMNS}
      id={job => job.TransformJobArn!}
      load={load}
      filters={FILTERS}
      sort="CreationTime"
      empty={
        <SpaceBetween size="xxs" alignItems="center">
          <Box variant="strong">No transform jobs yet</Box>
          <Box color="text-body-secondary">A transform job has a model answer a whole folder of data. Start one with any SageMaker client.</Box>
        </SpaceBetween>
      }
    />
  );
}
