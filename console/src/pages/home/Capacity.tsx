import Box from '@cloudscape-design/components/box';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import ProgressBar from '@cloudscape-design/components/progress-bar';

import { pointsOf } from '../../aws/metrics';
import { usePolled } from '../../aws/usePolled';
import { ErrorBox } from '../../parts/ErrorBox';
import { byteText } from '../../parts/numbers';

const NAMES = ['CPUs', 'CPUsInUse', 'Memory', 'MemoryInUse', 'JobsRunning', 'JobsQueued'];
const RECENT_MS = 10 * 60_000;

async function latest(signal: AbortSignal): Promise<Record<string, number>> {
  const now = Date.now();
  const wanted = NAMES.map(name => ({ name, dimensions: {} }));
  const series = await pointsOf('Clary/Capacity', wanted, new Date(now - RECENT_MS), new Date(now + 60_000), signal, 1);
  return Object.fromEntries(series.filter(one => one.y.length > 0).map(one => [one.label, one.y[one.y.length - 1]!]));
}

function Used({ label, used, total, text }: { label: string; used?: number; total?: number; text: (value: number) => string }) {
  if (used === undefined || !total) return null;
  return <ProgressBar label={label} value={Math.min(100, (100 * used) / total)} additionalInfo={`${text(used)} of ${text(total)}`} />;
}

// What jobs have of the machine right now.
export function Capacity() {
  const now = usePolled(latest, [], { every: 5000 });
  const data = now.data ?? {};
  return (
    <Container header={<Header variant="h2">Capacity in use</Header>}>
      {now.error !== undefined && !now.data ? (
        <ErrorBox error={now.error} retry={() => void now.refresh()} />
      ) : now.data && Object.keys(data).length === 0 ? (
        <Box color="text-body-secondary">Known in the account and region that the server was started for.</Box>
      ) : (
        <ColumnLayout columns={2} minColumnWidth={200}>
          <Used label="Processors" used={data.CPUsInUse} total={data.CPUs} text={value => String(Number(value.toFixed(1)))} />
          <Used label="Memory" used={data.MemoryInUse} total={data.Memory} text={byteText} />
          <div>
            <Box variant="awsui-key-label">Jobs and model servers that run</Box>
            <Box variant="awsui-value-large">{data.JobsRunning ?? '–'}</Box>
          </div>
          <div>
            <Box variant="awsui-key-label">Jobs that wait for capacity</Box>
            <Box variant="awsui-value-large">{data.JobsQueued ?? '–'}</Box>
          </div>
        </ColumnLayout>
      )}
    </Container>
  );
}
