import { DescribeTrainingJobCommand, StopTrainingJobCommand } from '@aws-sdk/client-sagemaker';
import { useParams } from 'react-router';

import { sagemaker } from '../../aws/sagemaker';
import { usePolled } from '../../aws/usePolled';
import { JobFrame } from '../../parts/JobFrame';
import { LinkButton } from '../../parts/LinkButton';
import { LogView } from '../../parts/LogView';
import { JobCode } from './JobCode';
import { JobMetrics } from './JobMetrics';
import { Overview } from './Overview';

const RUNNING = ['InProgress', 'Stopping'];

export default function TrainingJob() {
  const name = useParams().name!;
  const job = usePolled(
    signal => sagemaker().send(new DescribeTrainingJobCommand({ TrainingJobName: name }), { abortSignal: signal }),
    [name],
    { next: data => (RUNNING.includes(data.TrainingJobStatus ?? '') ? 1500 : 30_000) }
  );
  const live = RUNNING.includes(job.data?.TrainingJobStatus ?? '');
  return (
    <JobFrame
      name={name}
      job={job}
      running={data => data.TrainingJobStatus === 'InProgress'}
      stop={() => sagemaker().send(new StopTrainingJobCommand({ TrainingJobName: name }))}
      stopText="The algorithm is told to stop and gets two minutes to save its model."
      actions={
        <LinkButton to={`/training/~create?from=${encodeURIComponent(name)}`} disabled={!job.data}>
          Clone and edit
        </LinkButton>
      }
      tabs={data => [
        { id: 'overview', label: 'Overview', content: <Overview job={data} /> },
        { id: 'metrics', label: 'Metrics', content: <JobMetrics job={data} live={live} /> },
        { id: 'logs', label: 'Logs', content: <LogView group="/aws/sagemaker/TrainingJobs" prefix={`${name}/`} live={live} /> },
        { id: 'code', label: 'Code', content: <JobCode job={data} /> },
      ]}
    />
  );
}
