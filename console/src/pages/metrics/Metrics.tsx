import Autosuggest from '@cloudscape-design/components/autosuggest';
import Box from '@cloudscape-design/components/box';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Multiselect from '@cloudscape-design/components/multiselect';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { useEffect, useState } from 'react';

import { useQueries } from '../../app/navigation';
import { metricsOf, pointsOf, type Wanted } from '../../aws/metrics';
import { usePolled } from '../../aws/usePolled';
import { ErrorBox } from '../../parts/ErrorBox';
import { LineChart } from '../../parts/LineChart';

const NAMESPACES = [
  ['AWS/SageMaker', 'Endpoints: invocations, latencies, errors'],
  ['/aws/sagemaker/Endpoints', 'Endpoints: processors and memory'],
  ['/aws/sagemaker/TrainingJobs', 'Training jobs: what they measure, and what they use'],
  ['/aws/sagemaker/ProcessingJobs', 'Processing jobs: processors and memory'],
  ['/aws/sagemaker/TransformJobs', 'Transform jobs: processors and memory'],
  ['Clary/Capacity', 'What jobs have of this server'],
] as const;
const STATISTICS = ['Average', 'Sum', 'Minimum', 'Maximum', 'SampleCount', 'p50', 'p90', 'p99'];
const RANGES: [string, string, number][] = [
  ['15m', 'The last 15 minutes', 15 * 60], ['1h', 'The last hour', 3600], ['12h', 'The last 12 hours', 12 * 3600],
  ['1d', 'The last day', 86_400], ['1w', 'The last week', 7 * 86_400], ['60d', 'The last 60 days', 60 * 86_400],
];
const MOST = 10; // lines in one chart

// A metric in the address: its name, then its dimensions.
function textOf(name: string, dimensions: [string, string][]): string {
  return JSON.stringify([name, ...dimensions.flat()]);
}

function wantedOf(text: string, stat: string): Wanted | undefined {
  try {
    const [name, ...flat] = JSON.parse(text) as string[];
    const dimensions: Record<string, string> = {};
    for (let at = 0; at + 1 < flat.length; at += 2) dimensions[flat[at]!] = flat[at + 1]!;
    return { name: name!, dimensions, stat, label: [name, ...Object.values(dimensions)].join(' ') };
  } catch {
    return undefined; // somebody edited the address
  }
}

function useChoice() {
  const [query, change] = useQueries(['ns', 'metrics', 'stat', 'range']);
  let metrics: string[] = [];
  try {
    metrics = query.metrics ? (JSON.parse(query.metrics) as string[]).filter(one => typeof one === 'string') : [];
  } catch {
    // The same.
  }
  return { namespace: query.ns || NAMESPACES[0][0], metrics, stat: query.stat || 'Average', range: query.range || '1h', change };
}

type Choice = ReturnType<typeof useChoice>;

function Controls({ choice }: { choice: Choice }) {
  const { namespace, metrics, stat, range, change } = choice;
  const known = usePolled(signal => metricsOf(namespace, {}, signal), [namespace], { every: 30_000 });
  const options = (known.data ?? []).map(metric => {
    const dimensions = (metric.Dimensions ?? []).map(one => [one.Name!, one.Value!] as [string, string]);
    return { value: textOf(metric.MetricName!, dimensions), label: metric.MetricName!, description: dimensions.map(pair => pair.join(' = ')).join(', ') };
  });
  // At once, since the address follows a moment later and the next click builds upon this one.
  const [picked, setPicked] = useState(metrics);
  const inAddress = JSON.stringify(metrics);
  useEffect(() => setPicked(JSON.parse(inAddress) as string[]), [inAddress]);
  const pick = (values: string[]) => {
    setPicked(values);
    change({ metrics: JSON.stringify(values) });
  };
  const labelled = picked.map(value => options.find(one => one.value === value) ?? { value, label: wantedOf(value, stat)?.label ?? value });
  return (
    <Container>
      <SpaceBetween size="m">
        <ColumnLayout columns={3}>
          <FormField label="Namespace">
            <Autosuggest
              value={namespace}
              options={NAMESPACES.map(([value, description]) => ({ value, description }))}
              filteringType="manual"
              ariaLabel="Namespace"
              enteredTextLabel={text => `Use "${text}"`}
              onChange={({ detail }) => change({ ns: detail.value, metrics: '' })}
            />
          </FormField>
          <FormField label="Statistic">
            <Select selectedOption={{ value: stat, label: stat }} options={STATISTICS.map(value => ({ value, label: value }))} ariaLabel="Statistic" onChange={({ detail }) => change({ stat: detail.selectedOption.value! })} />
          </FormField>
          <FormField label="Time">
            <Select
              selectedOption={{ value: range, label: RANGES.find(one => one[0] === range)?.[1] ?? range }}
              options={RANGES.map(([value, label]) => ({ value, label }))}
              ariaLabel="Time"
              onChange={({ detail }) => change({ range: detail.selectedOption.value! })}
            />
          </FormField>
        </ColumnLayout>
        {known.error !== undefined && <ErrorBox error={known.error} doing="Metrics" />}
        <FormField label="Metrics" description={`Up to ${MOST} in one chart`}>
          <Multiselect
            selectedOptions={labelled}
            options={options}
            filteringType="auto"
            filteringPlaceholder="Find by name or dimension"
            placeholder={known.loading ? 'Loading' : options.length === 0 ? 'This namespace has no metrics yet' : 'Choose metrics'}
            statusType={known.loading ? 'loading' : 'finished'}
            loadingText="Loading"
            empty="None"
            ariaLabel="Metrics"
            virtualScroll
            deselectAriaLabel={option => `Remove ${option.label}`}
            onChange={({ detail }) => pick(detail.selectedOptions.slice(0, MOST).map(one => one.value!))}
          />
        </FormField>
      </SpaceBetween>
    </Container>
  );
}

function Chart({ choice }: { choice: Choice }) {
  const { namespace, metrics, stat, range } = choice;
  const seconds = RANGES.find(one => one[0] === range)?.[2] ?? 3600;
  const wanted = metrics.map(text => wantedOf(text, stat)).filter(one => one !== undefined);
  const points = usePolled(
    signal => {
      const to = new Date();
      return pointsOf(namespace, wanted, new Date(to.getTime() - seconds * 1000), to, signal);
    },
    [namespace, metrics, stat, range],
    { every: Math.max(5000, (seconds * 1000) / 720), enabled: wanted.length > 0 }
  );
  if (wanted.length === 0) return <Box color="text-body-secondary">Choose metrics to see them here.</Box>;
  if (points.error !== undefined && !points.data) return <ErrorBox error={points.error} retry={() => void points.refresh()} />;
  const found = (points.data ?? []).filter(one => one.x.length > 0);
  if (points.data && found.length === 0) return <Box color="text-body-secondary">No points in this time.</Box>;
  return <LineChart series={found} label={`${stat} over time`} time height={360} />;
}

export default function Metrics() {
  const choice = useChoice();
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description="What jobs, endpoints and the server measure, as CloudWatch keeps it">
        Metrics
      </Header>
      <Controls choice={choice} />
      <Container header={<Header variant="h2">{choice.stat}</Header>}>
        <Chart choice={choice} />
      </Container>
    </SpaceBetween>
  );
}
