import {
  DescribeProcessingJobCommand, type DescribeProcessingJobResponse, type ProcessingInput, type ProcessingOutput, StopProcessingJobCommand,
} from '@aws-sdk/client-sagemaker';
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { useParams } from 'react-router';

import { sagemaker } from '../../aws/sagemaker';
import { usePolled } from '../../aws/usePolled';
import { CopyText } from '../../parts/CopyText';
import { HostMetrics, hostsOf } from '../../parts/HostMetrics';
import { JobFrame } from '../../parts/JobFrame';
import { LinkButton } from '../../parts/LinkButton';
import { LogView } from '../../parts/LogView';
import { PairTable } from '../../parts/PairTable';
import { S3Link } from '../../parts/S3Link';
import { StatusBadge } from '../../parts/StatusBadge';
import { duration, Time } from '../../parts/Time';

const RUNNING = ['InProgress', 'Stopping'];
const isLive = (job: DescribeProcessingJobResponse) => RUNNING.includes(job.ProcessingJobStatus ?? '');

const INPUTS = [
  { id: 'name', header: 'Input', isRowHeader: true, cell: (one: ProcessingInput) => one.InputName },
  { id: 'from', header: 'From', cell: (one: ProcessingInput) => <S3Link uri={one.S3Input?.S3Uri} /> },
  { id: 'to', header: 'In the job', cell: (one: ProcessingInput) => one.S3Input?.LocalPath ?? '–' },
];
const OUTPUTS = [
  { id: 'name', header: 'Output', isRowHeader: true, cell: (one: ProcessingOutput) => one.OutputName },
  { id: 'from', header: 'In the job', cell: (one: ProcessingOutput) => one.S3Output?.LocalPath ?? '–' },
  { id: 'to', header: 'To', cell: (one: ProcessingOutput) => <S3Link uri={one.S3Output?.S3Uri} /> },
];

function Summary({ job }: { job: DescribeProcessingJobResponse }) {
  const cluster = job.ProcessingResources?.ClusterConfig;
  const end = job.ProcessingEndTime;
  const begin = job.ProcessingStartTime ?? job.CreationTime;
  return (
    <Container header={<Header variant="h2">Summary</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: 'Status', value: <StatusBadge status={job.ProcessingJobStatus} /> },
          { label: 'Created', value: <Time at={job.CreationTime} /> },
          { label: 'Took', value: end && begin ? duration((end.getTime() - begin.getTime()) / 1000) : '–' },
          { label: 'Image', value: <CopyText text={job.AppSpecification?.ImageUri} what="image" /> },
          { label: 'Command', value: <Box variant="code">{[...(job.AppSpecification?.ContainerEntrypoint ?? []), ...(job.AppSpecification?.ContainerArguments ?? [])].join(' ') || 'the image\'s own'}</Box> },
          { label: 'Instances', value: `${cluster?.InstanceCount ?? 1} × ${cluster?.InstanceType ?? '–'}` },
          { label: 'Exit message', value: job.ExitMessage ?? '–' },
          { label: 'Role', value: <CopyText text={job.RoleArn} what="role" /> },
          { label: 'ARN', value: <CopyText text={job.ProcessingJobArn} what="ARN" /> },
        ]}
      />
    </Container>
  );
}

function Overview({ job }: { job: DescribeProcessingJobResponse }) {
  return (
    <SpaceBetween size="l">
      {job.FailureReason && (
        <Alert type="error" header="The job failed" statusIconAriaLabel="Error">
          {job.FailureReason}
        </Alert>
      )}
      <Summary job={job} />
      <Table header={<Header variant="h2">Inputs</Header>} items={job.ProcessingInputs ?? []} columnDefinitions={INPUTS} ariaLabels={{ tableLabel: 'Inputs' }} empty={<Box color="text-body-secondary">None.</Box>} />
      <Table header={<Header variant="h2">Outputs</Header>} items={job.ProcessingOutputConfig?.Outputs ?? []} columnDefinitions={OUTPUTS} ariaLabels={{ tableLabel: 'Outputs' }} empty={<Box color="text-body-secondary">None.</Box>} />
      <PairTable title="Environment" pairs={Object.entries(job.Environment ?? {})} empty="None was given." />
    </SpaceBetween>
  );
}

export default function ProcessingJob() {
  const name = useParams().name!;
  const job = usePolled(
    signal => sagemaker().send(new DescribeProcessingJobCommand({ ProcessingJobName: name }), { abortSignal: signal }),
    [name],
    { next: data => (isLive(data) ? 2000 : 30_000) }
  );
  return (
    <JobFrame
      name={name}
      job={job}
      running={data => data.ProcessingJobStatus === 'InProgress'}
      stop={() => sagemaker().send(new StopProcessingJobCommand({ ProcessingJobName: name }))}
      stopText="Its program is told to stop; what it has written to its outputs so far is uploaded."
      actions={
        <LinkButton to={`/processing/~create?from=${encodeURIComponent(name)}`} disabled={!job.data}>
          Clone and edit
        </LinkButton>
      }
      tabs={data => [
        { id: 'overview', label: 'Overview', content: <Overview job={data} /> },
        {
          id: 'metrics',
          label: 'Metrics',
          content: (
            <HostMetrics
              namespace="/aws/sagemaker/ProcessingJobs"
              hosts={hostsOf(name, data.ProcessingResources?.ClusterConfig?.InstanceCount)}
              from={data.CreationTime!}
              to={data.ProcessingEndTime}
              live={isLive(data)}
            />
          ),
        },
        { id: 'logs', label: 'Logs', content: <LogView group="/aws/sagemaker/ProcessingJobs" prefix={`${name}/`} live={isLive(data)} /> },
      ]}
    />
  );
}
