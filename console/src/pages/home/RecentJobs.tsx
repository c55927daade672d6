import { ListTrainingJobsCommand, type TrainingJobSummary } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Table from '@cloudscape-design/components/table';

import { to } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { usePolled } from '../../aws/usePolled';
import { ErrorBox } from '../../parts/ErrorBox';
import { PageLink } from '../../parts/PageLink';
import { StatusBadge } from '../../parts/StatusBadge';
import { Time } from '../../parts/Time';

const COLUMNS = [
  { id: 'name', header: 'Name', isRowHeader: true, cell: (job: TrainingJobSummary) => <PageLink to={to('training', job.TrainingJobName!)}>{job.TrainingJobName}</PageLink> },
  { id: 'status', header: 'Status', cell: (job: TrainingJobSummary) => <StatusBadge status={job.TrainingJobStatus} /> },
  { id: 'created', header: 'Created', cell: (job: TrainingJobSummary) => <Time at={job.CreationTime} /> },
];

export function RecentJobs() {
  const jobs = usePolled(
    signal => sagemaker().send(new ListTrainingJobsCommand({ MaxResults: 5, SortBy: 'CreationTime', SortOrder: 'Descending' }), { abortSignal: signal }),
    []
  );
  if (jobs.error !== undefined && !jobs.data) return <ErrorBox error={jobs.error} retry={() => void jobs.refresh()} doing="Training jobs" />;
  return (
    <Container header={<Header variant="h2">Recent training jobs</Header>}>
      <Table
        variant="embedded"
        items={jobs.data?.TrainingJobSummaries ?? []}
        loading={jobs.loading}
        loadingText="Loading training jobs"
        columnDefinitions={COLUMNS}
        ariaLabels={{ tableLabel: 'Recent training jobs' }}
        empty={<Box>No training job has run yet. <PageLink to="/training">Go to training jobs</PageLink></Box>}
      />
    </Container>
  );
}
