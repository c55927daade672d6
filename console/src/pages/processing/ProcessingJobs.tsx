import { ListProcessingJobsCommand, type ProcessingJobStatus, type ProcessingJobSummary, type SortBy } from '@aws-sdk/client-sagemaker';
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

const COLUMNS: Column<ProcessingJobSummary>[] = [
  { id: 'name', header: 'Name', sort: 'Name', cell: job => <PageLink to={to('processing', job.ProcessingJobName!)}>{job.ProcessingJobName}</PageLink> },
  { id: 'status', header: 'Status', sort: 'Status', cell: job => <StatusBadge status={job.ProcessingJobStatus} /> },
  { id: 'created', header: 'Created', sort: 'CreationTime', cell: job => <Time at={job.CreationTime} /> },
  { id: 'took', header: 'Took', cell: job => (job.ProcessingEndTime ? duration((job.ProcessingEndTime.getTime() - job.CreationTime!.getTime()) / 1000) : '–') },
  { id: 'why', header: 'Reason', cell: job => job.FailureReason ?? job.ExitMessage ?? '–' },
];

async function load({ token, filters, sort, descending, signal }: Ask) {
  const answer = await sagemaker().send(
    new ListProcessingJobsCommand({
      MaxResults: 25,
      NextToken: token,
      NameContains: filters.name || undefined,
      StatusEquals: (filters.status || undefined) as ProcessingJobStatus | undefined,
      SortBy: sort as SortBy,
      SortOrder: descending ? 'Descending' : 'Ascending',
    }),
    { abortSignal: signal }
  );
  return { items: answer.ProcessingJobSummaries ?? [], next: answer.NextToken };
}

export default function ProcessingJobs() {
  return (
    <ResourceTable
      title="Processing jobs"
      columns={COLUMNS}
      id={job => job.ProcessingJobArn!}
      load={load}
      filters={FILTERS}
      sort="CreationTime"
      empty={
        <SpaceBetween size="xxs" alignItems="center">
          <Box variant="strong">No processing jobs yet</Box>
          <Box color="text-body-secondary">A processing job runs a script or an image over data: to prepare it, or to evaluate a model. Start one with any SageMaker client.</Box>
        </SpaceBetween>
      }
    />
  );
}
