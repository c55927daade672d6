import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Tabs from '@cloudscape-design/components/tabs';
import { type ReactNode, useState } from 'react';

import { notify } from '../app/flashes';
import { useQuery } from '../app/navigation';
import type { Polled } from '../aws/usePolled';
import { Confirm } from './Confirm';
import { ErrorBox } from './ErrorBox';

interface Props<T> {
  name: string;
  job: Polled<T>;
  running: (job: T) => boolean; // and can be stopped
  stop: () => Promise<unknown>;
  stopText: string;
  actions?: ReactNode;
  tabs: (job: T) => { id: string; label: string; content: ReactNode }[];
}

// The page of a job: its name, refresh, stop, and its parts as tabs that the address remembers.
export function JobFrame<T>({ name, job, running, stop, stopText, actions, tabs }: Props<T>) {
  const [asking, setAsking] = useState(false);
  const [tab, setTab] = useQuery('tab', 'overview');
  const act = async () => {
    await stop();
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
            <Button disabled={!job.data || !running(job.data)} onClick={() => setAsking(true)}>
              Stop
            </Button>
            {actions}
          </SpaceBetween>
        }
      >
        {name}
      </Header>
      {job.error !== undefined && !job.data && <ErrorBox error={job.error} retry={() => void job.refresh()} />}
      {job.loading && <Spinner size="large" />}
      {job.data && <Tabs activeTabId={tab} onChange={({ detail }) => setTab(detail.activeTabId)} ariaLabel="Parts of the job" tabs={tabs(job.data)} />}
      {asking && (
        <Confirm title={`Stop ${name}?`} verb="Stop" act={act} close={() => setAsking(false)}>
          {stopText}
        </Confirm>
      )}
    </SpaceBetween>
  );
}
