import type { DescribeTrainingJobResponse } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Grid from '@cloudscape-design/components/grid';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { metricsOf } from '../../aws/metrics';
import { batchGetMetrics } from '../../aws/sagemakerMetrics';
import { usePolled } from '../../aws/usePolled';
import { ErrorBox } from '../../parts/ErrorBox';
import { HostMetrics, hostsOf } from '../../parts/HostMetrics';
import { LineChart, type Series } from '../../parts/LineChart';

const NAMESPACE = '/aws/sagemaker/TrainingJobs';
const QUERIES = 100; // of one request

// Every value of each metric, by iteration: jobs measure far more often than CloudWatch's seconds.
async function curves(job: DescribeTrainingJobResponse, signal: AbortSignal): Promise<Series[]> {
  const known = await metricsOf(NAMESPACE, { TrainingJobName: job.TrainingJobName! }, signal);
  const names = [...new Set(known.map(metric => metric.MetricName!))].sort().slice(0, QUERIES);
  if (names.length === 0) return [];
  const results = await batchGetMetrics(
    names.map(MetricName => ({
      MetricName,
      ResourceArn: job.TrainingJobArn!,
      MetricStat: 'Avg',
      Period: 'IterationNumber',
      XAxisType: 'IterationNumber',
    })),
    signal
  );
  return results.map((result, index) => ({ label: names[index]!, x: result.XAxisValues, y: result.MetricValues }));
}

// train:auc and validation:auc belong into one chart.
function grouped(series: Series[]): [string, Series[]][] {
  const groups = new Map<string, Series[]>();
  for (const one of series) {
    const name = one.label.slice(one.label.indexOf(':') + 1);
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return [...groups];
}

export function JobMetrics({ job, live }: { job: DescribeTrainingJobResponse; live: boolean }) {
  const next = () => (live ? 2000 : 0);
  // Asked once more when the job ends, for what was measured last.
  const values = usePolled(signal => curves(job, signal), [job.TrainingJobArn, live], { next });
  return (
    <SpaceBetween size="l">
      {values.error !== undefined && <ErrorBox error={values.error} retry={() => void values.refresh()} doing="Metrics" />}
      {values.data?.length === 0 && <Box color="text-body-secondary">{live ? 'Nothing has been measured yet.' : 'This job reported no metrics.'}</Box>}
      {values.data && values.data.length > 0 && (
        <Grid gridDefinition={grouped(values.data).map(() => ({ colspan: { default: 12, m: 6 } }))}>
          {grouped(values.data).map(([name, series]) => (
            <Container key={name} header={<Header variant="h2" description="by iteration">{name}</Header>}>
              <LineChart series={series} label={`${name} by iteration`} />
            </Container>
          ))}
        </Grid>
      )}
      <HostMetrics namespace={NAMESPACE} hosts={hostsOf(job.TrainingJobName!, job.ResourceConfig?.InstanceCount)} from={job.CreationTime!} to={job.TrainingEndTime} live={live} />
    </SpaceBetween>
  );
}
