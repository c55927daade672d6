import Box from '@cloudscape-design/components/box';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { useQuery } from '../../app/navigation';
import { usePolled } from '../../aws/usePolled';
import { LineChart } from '../../parts/LineChart';
import { Loaded } from '../../parts/Loading';
import { counted } from '../../parts/words';
import { type Measured, measure, SPANS } from './metrics';

const CHARTS = [
  { id: 'invocations', title: 'Invocations', about: 'Requests in each period' },
  { id: 'errors', title: 'Errors', about: 'Requests that were refused or failed' },
  { id: 'latency', title: 'Model latency', about: 'Milliseconds that the model took', unit: ' ms' },
  { id: 'overhead', title: 'Overhead latency', about: 'Milliseconds that everything around the model took', unit: ' ms' },
  { id: 'use', title: 'Instances', about: 'Percent of the instance that is in use', unit: ' %' },
];

function Charts({ measured }: { measured: Measured }) {
  return (
    <ColumnLayout columns={2}>
      {CHARTS.map(chart => {
        const series = measured.charts[chart.id] ?? [];
        const known = series.some(one => one.x.length > 0);
        return (
          <Container key={chart.id} header={<Header variant="h3" description={chart.about}>{chart.title}</Header>}>
            {known ? (
              <LineChart series={series} label={chart.title} time zero unit={chart.unit} height={200} />
            ) : (
              <Box color="text-body-secondary">Nothing was measured in this time.</Box>
            )}
          </Container>
        );
      })}
    </ColumnLayout>
  );
}

export function Monitor({ endpoint, variants }: { endpoint: string; variants: string[] }) {
  const [spanId, setSpan] = useQuery('span', '1h');
  const span = SPANS.find(one => one.id === spanId) ?? SPANS[0]!;
  const measured = usePolled(signal => measure(endpoint, variants, span, signal), [endpoint, variants, span.id], { every: 5000 });
  return (
    <SpaceBetween size="m">
      <Header
        variant="h2"
        description={measured.data && `${counted(measured.data.totals.invocations, 'invocation')}, ${counted(measured.data.totals.errors, 'error')} in ${span.label}`}
        actions={
          <SegmentedControl
            label="How far back"
            selectedId={span.id}
            options={SPANS.map(one => ({ id: one.id, text: one.label }))}
            onChange={({ detail }) => setSpan(detail.selectedId)}
          />
        }
      >
        What it does
      </Header>
      <Loaded of={measured} doing="Metrics">
        {known => <Charts measured={known} />}
      </Loaded>
    </SpaceBetween>
  );
}
