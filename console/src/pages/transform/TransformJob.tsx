import { DescribeTransformJobCommand, type DescribeTransformJobResponse, StopTransformJobCommand } from '@aws-sdk/client-sagemaker';
import Alert from '@cloudscape-design/components/alert';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useParams } from 'react-router';

import { to } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { usePolled } from '../../aws/usePolled';
import { CopyText } from '../../parts/CopyText';
import { HostMetrics, hostsOf } from '../../parts/HostMetrics';
import { JobFrame } from '../../parts/JobFrame';
import { LinkButton } from '../../parts/LinkButton';
import { LogView } from '../../parts/LogView';
import { PageLink } from '../../parts/PageLink';
import { PairTable } from '../../parts/PairTable';
import { S3Link } from '../../parts/S3Link';
import { StatusBadge } from '../../parts/StatusBadge';
import { duration, Time } from '../../parts/Time';

const RUNNING = ['InProgress', 'Stopping'];
const isLive = (job: DescribeTransformJobResponse) => RUNNING.includes(job.TransformJobStatus ?? '');

function Overview({ job }: { job: DescribeTransformJobResponse }) {
  const begin = job.TransformStartTime ?? job.CreationTime;
  const took = job.TransformEndTime && begin ? duration((job.TransformEndTime.getTime() - begin.getTime()) / 1000) : '–';
  return (
    <SpaceBetween size="l">
      {job.FailureReason && (
        <Alert type="error" header="The job failed" statusIconAriaLabel="Error">
          {job.FailureReason}
        </Alert>
      )}
      <Container header={<Header variant="h2">Summary</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'Status', value: <StatusBadge status={job.TransformJobStatus} /> },
            { label: 'Created', value: <Time at={job.CreationTime} /> },
            { label: 'Took', value: took },
            { label: 'Model', value: job.ModelName ? <PageLink to={to('models', job.ModelName)}>{job.ModelName}</PageLink> : '–' },
            { label: 'Instances', value: `${job.TransformResources?.InstanceCount ?? 1} × ${job.TransformResources?.InstanceType ?? '–'}` },
            { label: 'ARN', value: <CopyText text={job.TransformJobArn} what="ARN" /> },
            { label: 'Input', value: <S3Link uri={job.TransformInput?.DataSource?.S3DataSource?.S3Uri} /> },
            { label: 'Content type', value: job.TransformInput?.ContentType ?? '–' },
            { label: 'Split', value: `${job.TransformInput?.SplitType ?? 'None'}, sent as ${job.BatchStrategy ?? 'the model asks'}` },
            { label: 'Output', value: <S3Link uri={job.TransformOutput?.S3OutputPath} /> },
            { label: 'Accept', value: job.TransformOutput?.Accept ?? '–' },
            { label: 'Put together with', value: job.TransformOutput?.AssembleWith ?? 'None' },
          ]}
        />
      </Container>
      <PairTable title="Environment" pairs={Object.entries(job.Environment ?? {})} empty="None was given." />
    </SpaceBetween>
  );
}

export default function TransformJob() {
  const name = useParams().name!;
  const job = usePolled(
    signal => sagemaker().send(new DescribeTransformJobCommand({ TransformJobName: name }), { abortSignal: signal }),
    [name],
    { next: data => (isLive(data) ? 2000 : 30_000) }
  );
  return (
    <JobFrame
      name={name}
      job={job}
      running={data => data.TransformJobStatus === 'InProgress'}
      stop={() => sagemaker().send(new StopTransformJobCommand({ TransformJobName: name }))}
      stopText="What is answered so far is kept in S3; the rest of the input is left out."
      actions={
        <LinkButton to={`/transform/~create?from=${encodeURIComponent(name)}`} disabled={!job.data}>
          Clone and edit
        </LinkButton>
      }
      tabs={data => [
        { id: 'overview', label: 'Overview', content: <Overview job={data} /> },
        {
          id: 'metrics',
          label: 'Metrics',
          content: <HostMetrics namespace="/aws/sagemaker/TransformJobs" hosts={hostsOf(name, data.TransformResources?.InstanceCount)} from={data.CreationTime!} to={data.TransformEndTime} live={isLive(data)} />,
        },
        { id: 'logs', label: 'Logs', content: <LogView group="/aws/sagemaker/TransformJobs" prefix={`${name}/`} live={isLive(data)} /> },
      ]}
    />
  );
}
