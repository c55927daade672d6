import Grid from '@cloudscape-design/components/grid';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { lazy, Suspense } from 'react';

import { useStore } from '../../app/store';
import { Capacity } from './Capacity';
import { FailedJobs, RecentEndpoints, RecentJobs, RecentModels, RunningNotebooks, useRecentJobs } from './Lists';
import { quickstart } from './quickstartState';

// With the example's data and what it uploads with: only an empty server needs it.
const FirstSteps = lazy(() => import('./FirstSteps').then(module => ({ default: module.FirstSteps })));

export default function Home() {
  const jobs = useRecentJobs();
  const started = useStore(quickstart);
  const first = jobs.data?.length === 0 || started.running || started.job !== undefined || started.error !== undefined;
  return (
    <SpaceBetween size="l">
      <Header variant="h1">Home</Header>
      {first && (
        <Suspense fallback={null}>
          <FirstSteps />
        </Suspense>
      )}
      <Capacity />
      <FailedJobs />
      <RunningNotebooks />
      <RecentJobs jobs={jobs} />
      <Grid gridDefinition={[{ colspan: { default: 12, m: 6 } }, { colspan: { default: 12, m: 6 } }]}>
        <RecentModels />
        <RecentEndpoints />
      </Grid>
    </SpaceBetween>
  );
}
