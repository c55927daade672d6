import { DescribeTrainingJobCommand, type DescribeTrainingJobResponse, StopTrainingJobCommand } from '@aws-sdk/client-sagemaker';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useState } from 'react';
import { useParams } from 'react-router';

import { notify } from '../../app/flashes';
import { sagemaker } from '../../aws/sagemaker';
import { usePolled } from '../../aws/usePolled';
import { Confirm } from '../../parts/Confirm';
import { CopyText } from '../../parts/CopyText';
import { ErrorBox } from '../../parts/ErrorBox';
import { StatusBadge } from '../../parts/StatusBadge';
import { Time } from '../../parts/Time';

const RUNNING = ['InProgress', 'Stopping'];

function Summary({ job }: { job: DescribeTrainingJobResponse }) {
  return (
    <Container header={<Header variant="h2">Summary</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: 'Status', value: <StatusBadge status={job.TrainingJobStatus} detail={job.FailureReason} /> },
          { label: 'Created', value: <Time at={job.CreationTime} /> },
          { label: 'ARN', value: <CopyText text={job.TrainingJobArn} what="ARN" /> },
        ]}
      />
    </Container>
  );
}

export default function TrainingJob() {
  const name = useParams().name!;
  const [asking, setAsking] = useState(false);
  const job = usePolled(
    signal => sagemaker().send(new DescribeTrainingJobCommand({ TrainingJobName: name }), { abortSignal: signal }),
    [name],
    { next: data => (RUNNING.includes(data.TrainingJobStatus ?? '') ? 2000 : 30_000) }
  );
  const stop = async () => {
    await sagemaker().send(new StopTrainingJobCommand({ TrainingJobName: name }));
    notify('info', `${name} is being stopped.`);
    await job.refresh();
  };
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void job.refresh()} />
            <Button disabled={job.data?.TrainingJobStatus !== 'InProgress'} onClick={() => setAsking(true)}>
              Stop
            </Button>
          </SpaceBetween>
        }
      >
        {name}
      </Header>
      {job.error !== undefined && !job.data && <ErrorBox error={job.error} retry={() => void job.refresh()} />}
      {job.loading && <Spinner size="large" />}
      {job.data && <Summary job={job.data} />}
      {asking && (
        <Confirm title={`Stop ${name}?`} verb="Stop" act={stop} close={() => setAsking(false)}>
          The algorithm gets two minutes to save its model.
        </Confirm>
      )}
    </SpaceBetween>
  );
}
