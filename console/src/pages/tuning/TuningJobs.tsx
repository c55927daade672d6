import { type HyperParameterTuningJobSortByOptions, type HyperParameterTuningJobStatus, type HyperParameterTuningJobSummary, ListHyperParameterTuningJobsCommand } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { to } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { LinkButton } from '../../parts/LinkButton';
import { PageLink } from '../../parts/PageLink';
import { type Ask, type Column, ResourceTable } from '../../parts/ResourceTable';
import { StatusBadge } from '../../parts/StatusBadge';
import { duration, Time } from '../../parts/Time';

const FILTERS = [
  { name: 'name', label: 'Find by name' },
  { name: 'status', label: 'Status', options: ['InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped'] },
];

function jobs(one: HyperParameterTuningJobSummary): string {
  const counts = one.TrainingJobStatusCounters;
  const done = (counts?.Completed ?? 0) + (counts?.NonRetryableError ?? 0) + (counts?.RetryableError ?? 0) + (counts?.Stopped ?? 0);
  const most = one.ResourceLimits?.MaxNumberOfTrainingJobs;
  return most ? `${done} of ${most}` : String(done);
}

const COLUMNS: Column<HyperParameterTuningJobSummary>[] = [
  {
    id: 'name',
    header: 'Name',
    sort: 'Name',
    cell: one => <PageLink to={to('tuning', one.HyperParameterTuningJobName!)}>{one.HyperParameterTuningJobName}</PageLink>,
  },
  { id: 'status', header: 'Status', sort: 'Status', cell: one => <StatusBadge status={one.HyperParameterTuningJobStatus} /> },
  { id: 'strategy', header: 'Strategy', cell: one => one.Strategy },
  { id: 'jobs', header: 'Training jobs', cell: jobs },
  { id: 'created', header: 'Created', sort: 'CreationTime', cell: one => <Time at={one.CreationTime} /> },
  {
    id: 'took',
    header: 'Took',
    cell: one =>
      one.HyperParameterTuningEndTime ? duration((one.HyperParameterTuningEndTime.getTime() - one.CreationTime!.getTime()) / 1000) : '–',
  },
];

async function load({ token, filters, sort, descending, signal }: Ask) {
  const answer = await sagemaker().send(
    new ListHyperParameterTuningJobsCommand({
      MaxResults: 25,
      NextToken: token,
      NameContains: filters.name || undefined,
      StatusEquals: (filters.status || undefined) as HyperParameterTuningJobStatus | undefined,
      SortBy: sort as HyperParameterTuningJobSortByOptions,
      SortOrder: descending ? 'Descending' : 'Ascending',
    }),
    { abortSignal: signal }
  );
  return { items: answer.HyperParameterTuningJobSummaries ?? [], next: answer.NextToken };
}

function Empty() {
  return (
    <SpaceBetween size="xxs" alignItems="center">
      <Box variant="strong">No tuning jobs yet</Box>
      <Box color="text-body-secondary">
        A tuning job runs many training jobs and finds the hyperparameters that do best. Start one here, or with any SageMaker
        client: HyperparameterTuner of the Python SDK, or create_hyper_parameter_tuning_job of boto3.
      </Box>
    </SpaceBetween>
  );
}

export default function TuningJobs() {
  return (
    <ResourceTable
      title="Tuning jobs"
      columns={COLUMNS}
      id={one => one.HyperParameterTuningJobArn!}
      load={load}
      filters={FILTERS}
      sort="CreationTime"
      empty={<Empty />}
      actions={
        <LinkButton to="/tuning/~create" variant="primary">
          Create a tuning job
        </LinkButton>
      }
    />
  );
}
