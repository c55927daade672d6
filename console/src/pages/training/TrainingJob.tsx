import { DescribeTrainingJobCommand, type DescribeTrainingJobResponse, StopTrainingJobCommand } from '@aws-sdk/client-sagemaker';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useParams } from 'react-router';

import { notify } from '../../app/flashes';
import { useQuery } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { usePolled } from '../../aws/usePolled';
import { Confirm } from '../../parts/Confirm';
import { ErrorBox } from '../../parts/ErrorBox';
import { LinkButton } from '../../parts/LinkButton';
import { LogView } from '../../parts/LogView';
import { JobCode } from './JobCode';
import { JobMetrics } from './JobMetrics';
import { Overview } from './Overview';

const RUNNING = ['InProgress', 'Stopping'];

function Parts({ job, live }: { job: DescribeTrainingJobResponse; live: boolean }) {
  const [tab, setTab] = useQuery('tab', 'overview');
  return (
    <Tabs
      activeTabId={tab}
      onChange={({ detail }) => setTab(detail.activeTabId)}
      ariaLabel="Parts of the job"
      tabs={[
        { id: 'overview', label: 'Overview', content: <Overview job={job} /> },
        { id: 'metrics', label: 'Metrics', content: <JobMetrics job={job} live={live} /> },
        { id: 'logs', label: 'Logs', content: <LogView group="/aws/sagemaker/TrainingJobs" prefix={`${job.TrainingJobName}/`} live={live} /> },
        { id: 'code', label: 'Code', content: <JobCode job={job} /> },
      ]}
    />
  );
}

export default function TrainingJob() {
  const name = useParams().name!;
  const [asking, setAsking] = useState(false);
  const job = usePolled(
    signal => sagemaker().send(new DescribeTrainingJobCommand({ TrainingJobName: name }), { abortSignal: signal }),
    [name],
    { next: data => (RUNNING.includes(data.TrainingJobStatus ?? '') ? 1500 : 30_000) }
  );
  const status = job.data?.TrainingJobStatus ?? '';
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
            <Button disabled={status !== 'InProgress'} onClick={() => setAsking(true)}>
              Stop
            </Button>
            <LinkButton to={`/training/~create?from=${encodeURIComponent(name)}`} disabled={!job.data}>
              Clone and edit
            </LinkButton>
          </SpaceBetween>
        }
      >
        {name}
      </Header>
      {job.error !== undefined && !job.data && <ErrorBox error={job.error} retry={() => void job.refresh()} />}
      {job.loading && <Spinner size="large" />}
      {job.data && <Parts job={job.data} live={RUNNING.includes(status)} />}
      {asking && (
        <Confirm title={`Stop ${name}?`} verb="Stop" act={stop} close={() => setAsking(false)}>
          The algorithm is told to stop and gets two minutes to save its model.
        </Confirm>
      )}
    </SpaceBetween>
  );
}
