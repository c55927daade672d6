import {
  type DescribeHyperParameterTuningJobResponse,
  type HyperParameterTrainingJobSummary,
  ListTrainingJobsForHyperParameterTuningJobCommand,
  type ParameterRanges,
} from '@aws-sdk/client-sagemaker';

import { sagemaker } from '../../aws/sagemaker';

// A tuning job's training jobs, and what can be seen in them.
export type Trial = HyperParameterTrainingJobSummary;

export const ENDED = ['Completed', 'Failed', 'Stopped'];

export function ended(trial: Trial): boolean {
  return ENDED.includes(trial.TrainingJobStatus ?? '');
}

export function valueOf(trial: Trial): number | undefined {
  return trial.FinalHyperParameterTuningJobObjectiveMetric?.Value;
}

// What one definition searches in, and what for. A job without names has one, called "".
export interface Search {
  name: string;
  ranges: ParameterRanges;
  metric: string;
  maximize: boolean;
}

export function searchesOf(job: DescribeHyperParameterTuningJobResponse): Search[] {
  const config = job.HyperParameterTuningJobConfig!;
  if (job.TrainingJobDefinitions?.length) {
    return job.TrainingJobDefinitions.map(definition => ({
      name: definition.DefinitionName ?? '',
      ranges: definition.HyperParameterRanges ?? {},
      metric: definition.TuningObjective?.MetricName ?? '',
      maximize: definition.TuningObjective?.Type !== 'Minimize',
    }));
  }
  const objective = config.HyperParameterTuningJobObjective ?? job.TrainingJobDefinition?.TuningObjective;
  return [
    {
      name: '',
      ranges: config.ParameterRanges ?? job.TrainingJobDefinition?.HyperParameterRanges ?? {},
      metric: objective?.MetricName ?? '',
      maximize: objective?.Type !== 'Minimize',
    },
  ];
}

// One hyperparameter as an axis: where a value of it stands between 0 and 1.
export interface Axis {
  name: string;
  ticks: { at: number; text: string }[];
  place: (text: string | undefined) => number | undefined;
}

function numericAxis(name: string, low: number, high: number, logarithmic: boolean): Axis {
  const scale = logarithmic && low > 0 ? Math.log : (value: number) => value;
  const back = logarithmic && low > 0 ? Math.exp : (value: number) => value;
  const span = scale(high) - scale(low) || 1;
  const text = (value: number) => String(Number(value.toPrecision(3)));
  return {
    name,
    ticks: [0, 0.5, 1].map(at => ({ at, text: text(back(scale(low) + at * span)) })),
    place: given => {
      const value = given === undefined ? NaN : Number(given);
      const at = (scale(value) - scale(low)) / span;
      return Number.isFinite(at) ? Math.min(1, Math.max(0, at)) : undefined;
    },
  };
}

function choiceAxis(name: string, values: string[]): Axis {
  const at = (index: number) => (index + 0.5) / values.length;
  return {
    name,
    ticks: values.map((text, index) => ({ at: at(index), text })),
    place: given => {
      const index = given === undefined ? -1 : values.indexOf(given);
      return index < 0 ? undefined : at(index);
    },
  };
}

export function axesOf(ranges: ParameterRanges): Axis[] {
  const numeric = [...(ranges.ContinuousParameterRanges ?? []), ...(ranges.IntegerParameterRanges ?? [])];
  return [
    ...numeric.map(range => numericAxis(range.Name!, Number(range.MinValue), Number(range.MaxValue), range.ScalingType === 'Logarithmic')),
    ...(ranges.CategoricalParameterRanges ?? []).map(range => choiceAxis(range.Name!, range.Values ?? [])),
  ];
}

export function better(a: number, b: number, maximize: boolean): boolean {
  return maximize ? a > b : a < b;
}

// Those with a value, in the order of their ends, each with the best so far.
export function course(trials: Trial[], maximize: boolean) {
  const done = trials.filter(trial => ended(trial) && trial.TrainingJobStatus !== 'Failed' && valueOf(trial) !== undefined);
  const time = (trial: Trial) => (trial.TrainingEndTime ?? trial.CreationTime ?? new Date(0)).getTime();
  done.sort((a, b) => time(a) - time(b));
  let best: number | undefined;
  return done.map(trial => {
    const value = valueOf(trial)!;
    if (best === undefined || better(value, best, maximize)) best = value;
    return { trial, at: time(trial) / 1000, value, best };
  });
}

const PAGE = 100;

// Every training job, kept between polls: of those that have ended nothing is asked again, since
// nothing of them changes. The newest come first, until all that may have changed were seen.
export function trialsOf(name: string) {
  const known = new Map<string, Trial>();
  let whole = false; // every page has been seen once
  return async (signal: AbortSignal): Promise<Trial[]> => {
    const open = new Set([...known.values()].filter(trial => !ended(trial)).map(trial => trial.TrainingJobName!));
    let token: string | undefined;
    do {
      const answer = await sagemaker().send(
        new ListTrainingJobsForHyperParameterTuningJobCommand({
          HyperParameterTuningJobName: name, MaxResults: PAGE, SortBy: 'CreationTime', SortOrder: 'Descending', NextToken: token,
        }),
        { abortSignal: signal }
      );
      let met = false;
      for (const trial of answer.TrainingJobSummaries ?? []) {
        const before = known.get(trial.TrainingJobName!);
        met ||= before !== undefined && ended(before);
        open.delete(trial.TrainingJobName!);
        known.set(trial.TrainingJobName!, trial);
      }
      token = answer.NextToken;
      if (met && open.size === 0 && whole) break;
    } while (token);
    whole = true;
    return [...known.values()];
  };
}
