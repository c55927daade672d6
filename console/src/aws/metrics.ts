import { GetMetricDataCommand, ListMetricsCommand, type Metric } from '@aws-sdk/client-cloudwatch';

import { cloudwatch } from './cloudwatch';

// CloudWatch's metrics as charts need them.

export interface Points {
  label: string;
  x: number[]; // seconds since 1970
  y: number[];
}

export interface Wanted {
  name: string;
  dimensions: Record<string, string>;
  stat?: string; // Average unless said otherwise
  label?: string;
}

export async function metricsOf(namespace: string, dimensions: Record<string, string>, signal?: AbortSignal): Promise<Metric[]> {
  const found: Metric[] = [];
  let NextToken: string | undefined;
  do {
    const answer = await cloudwatch().send(
      new ListMetricsCommand({
        Namespace: namespace,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        NextToken,
      }),
      { abortSignal: signal }
    );
    found.push(...(answer.Metrics ?? []));
    NextToken = answer.NextToken;
  } while (NextToken && found.length < 2000);
  return found;
}

const PERIODS = [1, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400];

// The finest period that gives no more than `most` points.
export function periodFor(from: Date, to: Date, most = 1500): number {
  const seconds = (to.getTime() - from.getTime()) / 1000;
  return PERIODS.find(period => seconds / period <= most) ?? 86_400;
}

export async function pointsOf(namespace: string, wanted: Wanted[], from: Date, to: Date, signal?: AbortSignal, period = periodFor(from, to)): Promise<Points[]> {
  if (wanted.length === 0) return [];
  const series = wanted.map((one): Points => ({ label: one.label ?? one.name, x: [], y: [] }));
  let NextToken: string | undefined;
  do {
    const answer = await cloudwatch().send(
      new GetMetricDataCommand({
        StartTime: from,
        EndTime: to,
        ScanBy: 'TimestampAscending',
        NextToken,
        MetricDataQueries: wanted.map((one, index) => ({
          Id: `m${index}`,
          MetricStat: {
            Metric: { Namespace: namespace, MetricName: one.name, Dimensions: Object.entries(one.dimensions).map(([Name, Value]) => ({ Name, Value })) },
            Period: period,
            Stat: one.stat ?? 'Average',
          },
        })),
      }),
      { abortSignal: signal }
    );
    for (const result of answer.MetricDataResults ?? []) {
      const into = series[Number(result.Id!.slice(1))]!;
      for (const time of result.Timestamps ?? []) into.x.push(time.getTime() / 1000);
      into.y.push(...(result.Values ?? []));
    }
    NextToken = answer.NextToken;
  } while (NextToken);
  return series;
}
