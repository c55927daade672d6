import { DescribeHyperParameterTuningJobCommand, type DescribeHyperParameterTuningJobResponse, StopHyperParameterTuningJobCommand } from '@aws-sdk/client-sagemaker';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Tabs from '@cloudscape-design/components/tabs';
import { useMemo, useState } from 'react';
import { useParams } from 'react-router';

import { notify } from '../../app/flashes';
import { useQuery } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { usePolled } from '../../aws/usePolled';
import { Confirm } from '../../parts/Confirm';
import { ErrorBox } from '../../parts/ErrorBox';
import { LinkButton } from '../../parts/LinkButton';
import { StatusBadge } from '../../parts/StatusBadge';
import { Definition } from './Definition';
import { Hyperparameters } from './Hyperparameters';
import { Overview } from './Overview';
import { searchesOf, trialsOf } from './trials';
import { TrialsTable } from './TrialsTable';

const RUNNING = ['InProgress', 'Stopping'];

export function isRunning(job: DescribeHyperParameterTuningJobResponse): boolean {
  return RUNNING.includes(job.HyperParameterTuningJobStatus ?? '');
}

function Body({ job }: { job: DescribeHyperParameterTuningJobResponse }) {
  const name = job.HyperParameterTuningJobName!;
  const [tab, setTab] = useQuery('tab', 'overview', true);
  const ask = useMemo(() => trialsOf(name), [name, job.CreationTime?.getTime()]); // eslint-disable-line react-hooks/exhaustive-deps
  const trials = usePolled(ask, [name, job.CreationTime?.getTime(), job.HyperParameterTuningJobStatus], {
    next: () => (isRunning(job) ? 3000 : 60_000),
    enabled: tab === 'overview' || tab === 'hyperparameters',
  });
  const searches = useMemo(() => searchesOf(job), [job]);
  const known = trials.data ?? [];
  const failed = trials.error !== undefined && !trials.data;
  const shown = (content: React.ReactNode) => (failed ? <ErrorBox error={trials.error} retry={() => void trials.refresh()} /> : content);
  return (
    <Tabs
      activeTabId={tab}
      onChange={({ detail }) => setTab(detail.activeTabId)}
      ariaLabel="What to see of the tuning job"
      tabs={[
        { id: 'overview', label: 'Overview', content: shown(<Overview job={job} trials={known} searches={searches} loading={trials.loading} />) },
        { id: 'hyperparameters', label: 'Hyperparameters', content: shown(<Hyperparameters trials={known} searches={searches} loading={trials.loading} />) },
        { id: 'jobs', label: 'Training jobs', content: <TrialsTable job={job} searches={searches} /> },
        { id: 'definition', label: 'Definition and code', content: <Definition job={job} searches={searches} /> },
      ]}
    />
  );
}

export default function TuningJob() {
  const name = useParams().name!;
  const [asking, setAsking] = useState(false);
  const job = usePolled(
    signal => sagemaker().send(new DescribeHyperParameterTuningJobCommand({ HyperParameterTuningJobName: name }), { abortSignal: signal }),
    [name],
    { next: data => (isRunning(data) ? 2000 : 30_000) }
  );
  const stop = async () => {
    await sagemaker().send(new StopHyperParameterTuningJobCommand({ HyperParameterTuningJobName: name }));
    notify('info', `${name} is being stopped.`);
    await job.refresh();
  };
  const best = job.data?.BestTrainingJob?.TrainingJobName;
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        description={job.data && <StatusBadge status={job.data.HyperParameterTuningJobStatus} detail={job.data.FailureReason} />}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void job.refresh()} />
            <Button disabled={job.data?.HyperParameterTuningJobStatus !== 'InProgress'} onClick={() => setAsking(true)}>
              Stop
            </Button>
            <LinkButton to={`/tuning/~create?from=${encodeURIComponent(name)}`} disabled={!job.data}>
              Clone and edit
            </LinkButton>
            {best ? (
              <LinkButton variant="primary" to={`/endpoints/~deploy?job=${encodeURIComponent(best)}`}>
                Deploy the best
              </LinkButton>
            ) : (
              <Button variant="primary" disabled>
                Deploy the best
              </Button>
            )}
          </SpaceBetween>
        }
      >
        {name}
      </Header>
      {job.error !== undefined && !job.data && <ErrorBox error={job.error} retry={() => void job.refresh()} />}
      {job.loading && <Spinner size="large" />}
      {job.data && <Body job={job.data} />}
      {asking && (
        <Confirm title={`Stop ${name}?`} verb="Stop" act={stop} close={() => setAsking(false)}>
          Training jobs that run are stopped; those that have ended stay, and so does the best.
        </Confirm>
      )}
    </SpaceBetween>
  );
}
