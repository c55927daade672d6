import { pointsOf } from '../../aws/metrics';
import type { Series } from '../../parts/LineChart';

// An endpoint's metrics, variant by variant, under the names that SageMaker documents.

interface Wanted {
  chart: string;
  metric: string;
  stat: string;
  label: string;
  scale?: number; // of what is shown to what is stored
  counts?: boolean; // a minute without a point has none of them
  hardware?: boolean;
}

const WANTED: Wanted[] = [
  { chart: 'invocations', metric: 'Invocations', stat: 'Sum', label: 'invocations', counts: true },
  { chart: 'errors', metric: 'Invocation4XXErrors', stat: 'Sum', label: '4XX', counts: true },
  { chart: 'errors', metric: 'Invocation5XXErrors', stat: 'Sum', label: '5XX', counts: true },
  { chart: 'errors', metric: 'InvocationModelErrors', stat: 'Sum', label: 'model errors', counts: true },
  { chart: 'latency', metric: 'ModelLatency', stat: 'p50', label: 'p50', scale: 1e-3 },
  { chart: 'latency', metric: 'ModelLatency', stat: 'p90', label: 'p90', scale: 1e-3 },
  { chart: 'latency', metric: 'ModelLatency', stat: 'p99', label: 'p99', scale: 1e-3 },
  { chart: 'overhead', metric: 'OverheadLatency', stat: 'p50', label: 'p50', scale: 1e-3 },
  { chart: 'overhead', metric: 'OverheadLatency', stat: 'p99', label: 'p99', scale: 1e-3 },
  { chart: 'use', metric: 'CPUUtilization', stat: 'Average', label: 'CPU', hardware: true },
  { chart: 'use', metric: 'MemoryUtilization', stat: 'Average', label: 'memory', hardware: true },
];

export interface Span {
  id: string;
  label: string;
  seconds: number;
  period: number;
}

export const SPANS: Span[] = [
  { id: '1h', label: '1 hour', seconds: 3600, period: 60 },
  { id: '6h', label: '6 hours', seconds: 6 * 3600, period: 60 },
  { id: '1d', label: '1 day', seconds: 86_400, period: 300 },
  { id: '7d', label: '1 week', seconds: 7 * 86_400, period: 3600 },
  { id: '30d', label: '30 days', seconds: 30 * 86_400, period: 3600 },
];

export interface Measured {
  charts: Record<string, Series[]>;
  totals: { invocations: number; errors: number };
}

function filled(times: number[], values: number[], from: number, to: number, period: number) {
  const known = new Map(times.map((time, index) => [time, values[index]!]));
  const x: number[] = [];
  const y: number[] = [];
  for (let time = from; time <= to; time += period) {
    x.push(time);
    y.push(known.get(time) ?? 0);
  }
  return { x, y };
}

export async function measure(endpoint: string, variants: string[], span: Span, signal: AbortSignal): Promise<Measured> {
  const to = Math.floor(Date.now() / 1000 / span.period) * span.period;
  const from = to - span.seconds;
  const asked = variants.flatMap(variant => WANTED.map(wanted => ({ variant, wanted })));
  const ask = (namespace: string, hardware: boolean) =>
    pointsOf(
      namespace,
      asked
        .filter(({ wanted }) => Boolean(wanted.hardware) === hardware)
        .map(({ variant, wanted }) => ({ name: wanted.metric, stat: wanted.stat, dimensions: { EndpointName: endpoint, VariantName: variant } })),
      new Date(from * 1000),
      new Date((to + span.period) * 1000),
      signal,
      span.period
    );
  const [served, used] = await Promise.all([ask('AWS/SageMaker', false), ask('/aws/sagemaker/Endpoints', true)]);

  const measured: Measured = { charts: {}, totals: { invocations: 0, errors: 0 } };
  for (const { variant, wanted } of asked) {
    const { x: times, y: values } = (wanted.hardware ? used : served).shift()!;
    const sum = values.reduce((before, value) => before + value, 0);
    if (wanted.metric === 'Invocations') measured.totals.invocations += sum;
    if (/^Invocation[45]XX/.test(wanted.metric)) measured.totals.errors += sum;
    const points = wanted.counts ? filled(times, values, from, to, span.period) : { x: times, y: values.map(value => value * (wanted.scale ?? 1)) };
    const label = variants.length > 1 ? `${variant}, ${wanted.label}` : wanted.label;
    (measured.charts[wanted.chart] ??= []).push({ label, ...points });
  }
  return measured;
}
