import type { DescribeHyperParameterTuningJobResponse } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMemo } from 'react';

import { to } from '../../app/navigation';
import { usePolled } from '../../aws/usePolled';
import { CopyText } from '../../parts/CopyText';
import { ErrorBox } from '../../parts/ErrorBox';
import { LineChart } from '../../parts/LineChart';
import { shortNumber } from '../../parts/numbers';
import { PageLink } from '../../parts/PageLink';
import { duration, Time } from '../../parts/Time';
import { importanceOf } from './importance';
import { axesOf, course, type Search, type Trial } from './trials';

interface Props {
  job: DescribeHyperParameterTuningJobResponse;
  trials: Trial[];
  searches: Search[];
  loading: boolean;
}

function Progress({ job }: { job: DescribeHyperParameterTuningJobResponse }) {
  const counts = job.TrainingJobStatusCounters ?? {};
  const failed = (counts.NonRetryableError ?? 0) + (counts.RetryableError ?? 0);
  const done = (counts.Completed ?? 0) + failed + (counts.Stopped ?? 0);
  const most = job.HyperParameterTuningJobConfig?.ResourceLimits?.MaxNumberOfTrainingJobs;
  const over = !['InProgress', 'Stopping'].includes(job.HyperParameterTuningJobStatus ?? '');
  const words = [`${done} ended`, `${counts.InProgress ?? 0} running`, `${failed} failed`, `${counts.Stopped ?? 0} stopped`].join(', ');
  const took = job.ConsumedResources?.RuntimeInSeconds;
  return (
    <Container header={<Header variant="h2">Progress</Header>}>
      <SpaceBetween size="m">
        <ProgressBar
          label={most ? `${done} of ${most} training jobs` : `${done} training jobs`}
          value={over ? 100 : most ? (100 * done) / most : 0}
          status={job.HyperParameterTuningJobStatus === 'Failed' ? 'error' : over ? 'success' : 'in-progress'}
          resultText={words}
          additionalInfo={over ? undefined : words}
        />
        <KeyValuePairs
          columns={4}
          items={[
            { label: 'Strategy', value: job.HyperParameterTuningJobConfig?.Strategy },
            { label: 'Created', value: <Time at={job.CreationTime} /> },
            { label: 'Took', value: took === undefined ? '–' : duration(took) },
            { label: 'ARN', value: <CopyText text={job.HyperParameterTuningJobArn} what="ARN" /> },
          ]}
        />
      </SpaceBetween>
    </Container>
  );
}

function Best({ job }: { job: DescribeHyperParameterTuningJobResponse }) {
  const best = job.BestTrainingJob;
  const overall = job.OverallBestTrainingJob;
  const value = best?.FinalHyperParameterTuningJobObjectiveMetric;
  if (!best?.TrainingJobName) {
    return (
      <Container header={<Header variant="h2">Best so far</Header>}>
        <Box color="text-body-secondary">No training job has given a value yet.</Box>
      </Container>
    );
  }
  return (
    <Container header={<Header variant="h2">Best so far</Header>}>
      <KeyValuePairs
        columns={4}
        items={[
          { label: 'Training job', value: <PageLink to={to('training', best.TrainingJobName)}>{best.TrainingJobName}</PageLink> },
          { label: value?.MetricName ?? 'Objective', value: value?.Value === undefined ? '–' : shortNumber(value.Value) },
          ...Object.entries(best.TunedHyperParameters ?? {}).map(([label, chosen]) => ({ label, value: chosen })),
          ...(overall?.TuningJobName && overall.TuningJobName !== job.HyperParameterTuningJobName
            ? [{ label: 'Better yet, of its parents', value: <PageLink to={to('tuning', overall.TuningJobName)}>{overall.TrainingJobName}</PageLink> }]
            : []),
        ]}
      />
    </Container>
  );
}

function Course({ trials, search, loading }: { trials: Trial[]; search: Search; loading: boolean }) {
  const series = useMemo(() => {
    const points = course(trials, search.maximize);
    const x = points.map(point => point.at);
    return [
      { label: 'Best so far', x, y: points.map(point => point.best) },
      { label: 'Each training job', x, y: points.map(point => point.value) },
    ];
  }, [trials, search.maximize]);
  const best = series[0]!.y[series[0]!.y.length - 1];
  return (
    <Container header={<Header variant="h2" description={`${search.metric}, to be ${search.maximize ? 'large' : 'small'}`}>Best so far over time</Header>}>
      {series[0]!.x.length > 0 ? (
        <LineChart label={`${search.metric} over time`} series={series} time summary={`${series[0]!.x.length} training jobs, the best ${best === undefined ? '' : shortNumber(best)}`} />
      ) : (
        <Box color="text-body-secondary">{loading ? 'Loading training jobs' : 'Nothing to draw yet.'}</Box>
      )}
    </Container>
  );
}

function Importance({ job, search, count }: { job: DescribeHyperParameterTuningJobResponse; search: Search; count: number }) {
  const name = job.HyperParameterTuningJobName!;
  const names = useMemo(() => axesOf(search.ranges).map(axis => axis.name), [search]);
  const shares = usePolled(signal => importanceOf(name, job.CreationTime!, names, signal), [name, names, count], { every: 0 });
  const text = 'How much of the difference between training jobs each hyperparameter makes, by a model of all that have ended.';
  return (
    <Container header={<Header variant="h2" description={text}>Importance</Header>}>
      {shares.error !== undefined && !shares.data ? (
        <ErrorBox error={shares.error} retry={() => void shares.refresh()} />
      ) : shares.data?.length ? (
        <SpaceBetween size="s">
          {shares.data.map(one => (
            <ProgressBar key={one.name} label={one.name} value={100 * one.share} variant="standalone" />
          ))}
        </SpaceBetween>
      ) : (
        <Box color="text-body-secondary">{shares.loading ? 'Loading' : 'Known once four training jobs have ended with different values.'}</Box>
      )}
    </Container>
  );
}

export function Overview({ job, trials, searches, loading }: Props) {
  const ended = Object.entries(job.TrainingJobStatusCounters ?? {})
    .filter(([status]) => status !== 'InProgress')
    .reduce((sum, [, number]) => sum + (number ?? 0), 0);
  return (
    <SpaceBetween size="l">
      <Progress job={job} />
      <Best job={job} />
      <Course trials={trials} search={searches[0]!} loading={loading} />
      {searches.length === 1 && <Importance job={job} search={searches[0]!} count={ended} />}
    </SpaceBetween>
  );
}
