import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';

import { cloudwatch } from '../../aws/cloudwatch';

export interface Share {
  name: string;
  share: number;
}

// What share each hyperparameter has in how the objective varies, as the server told it last.
export async function importanceOf(job: string, since: Date, names: string[], signal: AbortSignal): Promise<Share[]> {
  if (names.length === 0) return [];
  const answer = await cloudwatch().send(
    new GetMetricDataCommand({
      StartTime: since,
      EndTime: new Date(Date.now() + 300_000), // clocks differ
      ScanBy: 'TimestampDescending',
      MetricDataQueries: names.map((name, index) => ({
        Id: `q${index}`,
        MetricStat: {
          Metric: {
            Namespace: '/aws/sagemaker/HyperParameterTuningJobs',
            MetricName: 'Importance',
            Dimensions: [{ Name: 'TuningJobName', Value: job }, { Name: 'HyperParameterName', Value: name }],
          },
          Period: 1,
          Stat: 'Average',
        },
      })),
    }),
    { abortSignal: signal }
  );
  const shares = (answer.MetricDataResults ?? []).flatMap(result => {
    const share = result.Values?.[0];
    return share === undefined ? [] : [{ name: names[Number(result.Id!.slice(1))]!, share }];
  });
  return shares.sort((a, b) => b.share - a.share);
}
