import {
  type DescribeHyperParameterTuningJobResponse,
  ListTrainingJobsForHyperParameterTuningJobCommand,
  type TrainingJobSortByOptions,
  type TrainingJobStatus,
} from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import { useMemo } from 'react';

import { to } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { shortNumber } from '../../parts/numbers';
import { PageLink } from '../../parts/PageLink';
import { type Ask, type Column, ResourceTable } from '../../parts/ResourceTable';
import { StatusBadge } from '../../parts/StatusBadge';
import { duration, Time } from '../../parts/Time';
import { axesOf, type Search, type Trial, valueOf } from './trials';

const FILTERS = [{ name: 'status', label: 'Status', options: ['InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped'] }];

function took(trial: Trial): string {
  if (!trial.TrainingEndTime || !trial.TrainingStartTime) return '–';
  return duration((trial.TrainingEndTime.getTime() - trial.TrainingStartTime.getTime()) / 1000);
}

function columnsFor(searches: Search[]): Column<Trial>[] {
  const metric = searches.length === 1 ? searches[0]!.metric : 'Objective';
  const names = [...new Set(searches.flatMap(search => axesOf(search.ranges).map(axis => axis.name)))];
  return [
    { id: 'name', header: 'Name', sort: 'Name', cell: trial => <PageLink to={to('training', trial.TrainingJobName!)}>{trial.TrainingJobName}</PageLink> },
    { id: 'status', header: 'Status', sort: 'Status', width: 140, cell: trial => <StatusBadge status={trial.TrainingJobStatus} /> },
    {
      id: 'value',
      header: metric,
      sort: 'FinalObjectiveMetricValue',
      cell: trial => {
        const value = valueOf(trial);
        return value === undefined ? '–' : shortNumber(value);
      },
    },
    ...names.map((name): Column<Trial> => ({ id: `h-${name}`, header: name, cell: trial => trial.TunedHyperParameters?.[name] ?? '–' })),
    ...(searches.length > 1 ? [{ id: 'definition', header: 'Definition', cell: (trial: Trial) => trial.TrainingJobDefinitionName ?? '–' }] : []),
    { id: 'created', header: 'Created', sort: 'CreationTime', cell: trial => <Time at={trial.CreationTime} /> },
    { id: 'took', header: 'Trained for', cell: took },
  ];
}

// Paged and sorted by the server; sorted by the objective it shows those that have one.
export function TrialsTable({ job, searches }: { job: DescribeHyperParameterTuningJobResponse; searches: Search[] }) {
  const columns = useMemo(() => columnsFor(searches), [searches]);
  const load = async ({ token, filters, sort, descending, signal }: Ask) => {
    const answer = await sagemaker().send(
      new ListTrainingJobsForHyperParameterTuningJobCommand({
        HyperParameterTuningJobName: job.HyperParameterTuningJobName,
        MaxResults: 25,
        NextToken: token,
        StatusEquals: (filters.status || undefined) as TrainingJobStatus | undefined,
        SortBy: sort as TrainingJobSortByOptions,
        SortOrder: descending ? 'Descending' : 'Ascending',
      }),
      { abortSignal: signal }
    );
    return { items: answer.TrainingJobSummaries ?? [], next: answer.NextToken };
  };
  return (
    <ResourceTable
      title="Training jobs"
      variant="container"
      prefix="jobs-"
      columns={columns}
      id={trial => trial.TrainingJobArn!}
      load={load}
      filters={FILTERS}
      sort="CreationTime"
      keys={[job.HyperParameterTuningJobName]}
      empty={<Box>No training job has been made yet.</Box>}
    />
  );
}
