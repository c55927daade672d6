import type { Channel, DescribeTrainingJobResponse, SecondaryStatusTransition } from '@aws-sdk/client-sagemaker';
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs, { type KeyValuePairsProps } from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Steps, { type StepsProps } from '@cloudscape-design/components/steps';
import Table from '@cloudscape-design/components/table';

import { CopyText } from '../../parts/CopyText';
import { shortNumber } from '../../parts/numbers';
import { PairTable } from '../../parts/PairTable';
import { S3Link } from '../../parts/S3Link';
import { spaced, StatusBadge } from '../../parts/StatusBadge';
import { duration, Time } from '../../parts/Time';

function stepOf(step: SecondaryStatusTransition, last: boolean): StepsProps.Step {
  const failed = step.Status === 'Failed' || step.Status === 'MaxRuntimeExceeded';
  const over = step.EndTime ?? (last && ['Completed', 'Failed', 'Stopped'].includes(step.Status!) ? step.StartTime : undefined);
  const seconds = over && step.EndTime ? (step.EndTime.getTime() - step.StartTime!.getTime()) / 1000 : undefined;
  return {
    status: failed ? 'error' : over ? (step.Status === 'Stopped' ? 'stopped' : 'success') : 'in-progress',
    header: spaced(step.Status!),
    statusIconAriaLabel: failed ? 'Failed' : over ? 'Done' : 'Under way',
    details: (
      <>
        {step.StatusMessage}
        {seconds !== undefined && seconds > 0 && <Box color="text-body-secondary">{duration(seconds)}</Box>}
      </>
    ),
  };
}

function Timeline({ job }: { job: DescribeTrainingJobResponse }) {
  const steps = job.SecondaryStatusTransitions ?? [];
  if (steps.length === 0) return null;
  return (
    <Container header={<Header variant="h2">Timeline</Header>}>
      <Steps steps={steps.map((step, index) => stepOf(step, index === steps.length - 1))} ariaLabel="What happened so far" />
    </Container>
  );
}

function Summary({ job }: { job: DescribeTrainingJobResponse }) {
  const cluster = job.ResourceConfig;
  const items: KeyValuePairsProps.Item[] = [
    { label: 'Status', value: <StatusBadge status={job.TrainingJobStatus} detail={job.TrainingJobStatus === 'InProgress' ? spaced(job.SecondaryStatus ?? '') : undefined} /> },
    { label: 'Created', value: <Time at={job.CreationTime} /> },
    { label: 'Training time', value: job.TrainingTimeInSeconds === undefined ? '–' : duration(job.TrainingTimeInSeconds) },
    { label: 'Image or algorithm', value: <CopyText text={job.AlgorithmSpecification?.TrainingImage ?? job.AlgorithmSpecification?.AlgorithmName} what="image" /> },
    { label: 'Instances', value: `${cluster?.InstanceCount ?? 1} × ${cluster?.InstanceType ?? '–'}, ${cluster?.VolumeSizeInGB ?? 0} GB each` },
    { label: 'Longest run time', value: job.StoppingCondition?.MaxRuntimeInSeconds ? duration(job.StoppingCondition.MaxRuntimeInSeconds) : '–' },
    { label: 'ARN', value: <CopyText text={job.TrainingJobArn} what="ARN" /> },
    { label: 'Role', value: <CopyText text={job.RoleArn} what="role" /> },
    { label: 'Output', value: <S3Link uri={job.ModelArtifacts?.S3ModelArtifacts ?? job.OutputDataConfig?.S3OutputPath} /> },
  ];
  if (job.TuningJobArn) items.push({ label: 'Of the tuning job', value: <CopyText text={job.TuningJobArn} what="tuning job" /> });
  return (
    <Container header={<Header variant="h2">Summary</Header>}>
      <KeyValuePairs columns={3} items={items} />
    </Container>
  );
}

const CHANNELS = [
  { id: 'name', header: 'Channel', isRowHeader: true, cell: (one: Channel) => one.ChannelName },
  { id: 'data', header: 'Data', cell: (one: Channel) => <S3Link uri={one.DataSource?.S3DataSource?.S3Uri} /> },
  { id: 'type', header: 'Content type', cell: (one: Channel) => one.ContentType ?? '–' },
  { id: 'mode', header: 'Input mode', cell: (one: Channel) => one.InputMode ?? 'as the job' },
];

export function Overview({ job }: { job: DescribeTrainingJobResponse }) {
  const metrics = (job.FinalMetricDataList ?? []).map((one): [string, string] => [one.MetricName ?? '', shortNumber(one.Value ?? NaN)]);
  const environment = Object.entries(job.Environment ?? {});
  return (
    <SpaceBetween size="l">
      {job.FailureReason && (
        <Alert type="error" header="The job failed" statusIconAriaLabel="Error">
          {job.FailureReason}
        </Alert>
      )}
      <Summary job={job} />
      <Timeline job={job} />
      {metrics.length > 0 && <PairTable title="Last values of the metrics" pairs={metrics} empty="" />}
      <Table
        header={<Header variant="h2">Inputs</Header>}
        items={job.InputDataConfig ?? []}
        columnDefinitions={CHANNELS}
        ariaLabels={{ tableLabel: 'Inputs' }}
        empty={<Box color="text-body-secondary">This job reads no data from S3.</Box>}
      />
      <PairTable title="Hyperparameters" pairs={Object.entries(job.HyperParameters ?? {})} empty="None were given." />
      {environment.length > 0 && <PairTable title="Environment" pairs={environment} empty="" />}
    </SpaceBetween>
  );
}
