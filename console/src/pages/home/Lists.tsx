import {
  type EndpointSummary, ListEndpointsCommand, ListModelsCommand, ListNotebookInstancesCommand, ListTrainingJobsCommand, type ModelSummary, type NotebookInstanceSummary, type TrainingJobSummary,
} from '@aws-sdk/client-sagemaker';
import { DescribeTrainingJobCommand } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import Table, { type TableProps } from '@cloudscape-design/components/table';

import { to } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import type { Polled } from '../../aws/usePolled';
import { usePolled } from '../../aws/usePolled';
import { ErrorBox } from '../../parts/ErrorBox';
import { PageLink } from '../../parts/PageLink';
import { StatusBadge } from '../../parts/StatusBadge';
import { Time } from '../../parts/Time';

const NEWEST = { SortBy: 'CreationTime', SortOrder: 'Descending', MaxResults: 5 } as const;

function Short<T>({ title, all, of, columns, empty }: { title: string; all: string; of: Polled<T[]>; columns: TableProps.ColumnDefinition<T>[]; empty: string }) {
  return (
    <Table
      header={
        <Header variant="h2" actions={<PageLink to={all}>All</PageLink>}>
          {title}
        </Header>
      }
      items={of.data ?? []}
      loading={of.loading}
      loadingText={`Loading ${title.toLowerCase()}`}
      columnDefinitions={columns}
      wrapLines
      ariaLabels={{ tableLabel: title }}
      empty={of.error !== undefined ? <Box textAlign="left"><ErrorBox error={of.error} retry={() => void of.refresh()} /></Box> : <Box color="text-body-secondary">{empty}</Box>}
    />
  );
}

const JOBS: TableProps.ColumnDefinition<TrainingJobSummary>[] = [
  { id: 'name', header: 'Name', isRowHeader: true, cell: job => <PageLink to={to('training', job.TrainingJobName!)}>{job.TrainingJobName}</PageLink> },
  { id: 'status', header: 'Status', cell: job => <StatusBadge status={job.TrainingJobStatus} /> },
  { id: 'created', header: 'Created', cell: job => <Time at={job.CreationTime} /> },
];

export function useRecentJobs() {
  return usePolled(async signal => (await sagemaker().send(new ListTrainingJobsCommand(NEWEST), { abortSignal: signal })).TrainingJobSummaries ?? [], []);
}

export function RecentJobs({ jobs }: { jobs: Polled<TrainingJobSummary[]> }) {
  return <Short title="Training jobs" all="/training" of={jobs} columns={JOBS} empty="None has run yet." />;
}

interface FailedJob {
  name: string;
  at?: Date;
  why?: string;
}

async function failures(signal: AbortSignal): Promise<FailedJob[]> {
  const list = await sagemaker().send(new ListTrainingJobsCommand({ ...NEWEST, StatusEquals: 'Failed', MaxResults: 3 }), { abortSignal: signal });
  return Promise.all(
    (list.TrainingJobSummaries ?? []).map(async one => {
      const job = await sagemaker().send(new DescribeTrainingJobCommand({ TrainingJobName: one.TrainingJobName }), { abortSignal: signal });
      return { name: one.TrainingJobName!, at: job.TrainingEndTime, why: job.FailureReason };
    })
  );
}

const FAILED: TableProps.ColumnDefinition<FailedJob>[] = [
  { id: 'name', header: 'Name', isRowHeader: true, cell: job => <PageLink to={to('training', job.name)}>{job.name}</PageLink> },
  { id: 'why', header: 'Reason', cell: job => job.why ?? '–' },
  { id: 'at', header: 'When', cell: job => <Time at={job.at} /> },
];

export function FailedJobs() {
  const failed = usePolled(failures, [], { every: 15_000 });
  if (failed.data?.length === 0) return null;
  return <Short title="Failed lately" all="/training?status=Failed" of={failed} columns={FAILED} empty="" />;
}

const MODELS: TableProps.ColumnDefinition<ModelSummary>[] = [
  { id: 'name', header: 'Name', isRowHeader: true, cell: model => <PageLink to={to('models', model.ModelName!)}>{model.ModelName}</PageLink> },
  { id: 'created', header: 'Created', cell: model => <Time at={model.CreationTime} /> },
];

export function RecentModels() {
  const models = usePolled(async signal => (await sagemaker().send(new ListModelsCommand(NEWEST), { abortSignal: signal })).Models ?? [], [], { every: 15_000 });
  return <Short title="Models" all="/models" of={models} columns={MODELS} empty="None yet." />;
}

const ENDPOINTS: TableProps.ColumnDefinition<EndpointSummary>[] = [
  { id: 'name', header: 'Name', isRowHeader: true, cell: one => <PageLink to={to('endpoints', one.EndpointName!)}>{one.EndpointName}</PageLink> },
  { id: 'status', header: 'Status', cell: one => <StatusBadge status={one.EndpointStatus} /> },
  { id: 'created', header: 'Created', cell: one => <Time at={one.CreationTime} /> },
];

export function RecentEndpoints() {
  const endpoints = usePolled(async signal => (await sagemaker().send(new ListEndpointsCommand(NEWEST), { abortSignal: signal })).Endpoints ?? [], []);
  return <Short title="Endpoints" all="/endpoints" of={endpoints} columns={ENDPOINTS} empty="None yet." />;
}

const NOTEBOOKS: TableProps.ColumnDefinition<NotebookInstanceSummary>[] = [
  { id: 'name', header: 'Name', isRowHeader: true, cell: one => <PageLink to={to('notebooks', one.NotebookInstanceName!)}>{one.NotebookInstanceName}</PageLink> },
  { id: 'type', header: 'Instance type', cell: one => one.InstanceType ?? '–' },
  { id: 'created', header: 'Created', cell: one => <Time at={one.CreationTime} /> },
];

// Those that run, since they hold processors and memory until somebody stops them.
export function RunningNotebooks() {
  const notebooks = usePolled(
    async signal => (await sagemaker().send(new ListNotebookInstancesCommand({ ...NEWEST, StatusEquals: 'InService' }), { abortSignal: signal })).NotebookInstances ?? [],
    [],
    { every: 15_000 }
  );
  if (!notebooks.data?.length) return null;
  return <Short title="Notebook instances in service" all="/notebooks?status=InService" of={notebooks} columns={NOTEBOOKS} empty="" />;
}
