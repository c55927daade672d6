import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';

import { pointsOf } from '../aws/metrics';
import { usePolled } from '../aws/usePolled';
import { ErrorBox } from './ErrorBox';
import { LineChart } from './LineChart';

const MOST_INSTANCES = 8;

interface Props {
  namespace: string; // /aws/sagemaker/TrainingJobs
  hosts: string[]; // values of the dimension Host
  from: Date;
  to?: Date;
  live: boolean;
}

async function used({ namespace, hosts, from, to }: Props, signal: AbortSignal) {
  const shown = hosts.slice(0, MOST_INSTANCES);
  const wanted = shown.flatMap(Host =>
    ['CPUUtilization', 'MemoryUtilization', 'DiskUtilization', 'GPUUtilization'].map(name => ({
      name,
      dimensions: { Host },
      label: shown.length > 1 ? `${name} ${Host.split('/').pop()}` : name,
    }))
  );
  const end = new Date((to?.getTime() ?? Date.now()) + 60_000);
  return (await pointsOf(namespace, wanted, from, end, signal)).filter(one => one.x.length > 0);
}

// What a job's instances used of their processors, memory, disk and GPUs.
export function HostMetrics(props: Props) {
  const points = usePolled(signal => used(props, signal), [props.namespace, props.hosts.join(), props.live], {
    next: () => (props.live ? 10_000 : 0),
  });
  return (
    <Container header={<Header variant="h2" description="percent, over time">What the instances used</Header>}>
      {points.error !== undefined ? (
        <ErrorBox error={points.error} retry={() => void points.refresh()} />
      ) : points.data && points.data.length > 0 ? (
        <LineChart series={points.data} label="What the instances used" time unit="%" zero />
      ) : (
        <Box color="text-body-secondary">{points.loading ? 'Loading' : props.live ? 'The first sample comes within a minute.' : 'The job was too short to be sampled.'}</Box>
      )}
    </Container>
  );
}

export function hostsOf(job: string, count = 1): string[] {
  return Array.from({ length: count }, (_, index) => `${job}/algo-${index + 1}`);
}
