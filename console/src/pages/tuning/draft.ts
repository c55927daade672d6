import type {
  CreateHyperParameterTuningJobRequest, HyperParameterTrainingJobDefinition, HyperParameterTuningJobStrategyType, ParameterRanges, TrainingJobEarlyStoppingType,
} from '@aws-sdk/client-sagemaker';

import { type Draft as Training, draftOf as trainingDraftOf, EMPTY as NO_TRAINING, parsedMore, requestOfDraft } from '../training/draft';
import { pruned } from '../training/request';

// What the form of a tuning job holds: the form of its training jobs, and what is searched.

export interface RangeDraft {
  name: string;
  kind: 'Continuous' | 'Integer' | 'Categorical';
  from: string;
  to: string;
  scaling: string;
  values: string; // of a categorical one, with commas between
}

export interface Draft {
  training: Training;
  strategy: string;
  metric: string;
  direction: 'Maximize' | 'Minimize';
  jobs: string;
  parallel: string;
  early: string;
  ranges: RangeDraft[];
  more: string; // any further members of the request, as JSON
}

export const EMPTY: Draft = {
  training: {
    ...NO_TRAINING,
    hyperparameters: { objective: 'binary:logistic', num_round: '100' },
    channels: [...NO_TRAINING.channels, { name: 'validation', uri: '', type: 'text/csv', mode: '' }],
  },
  strategy: 'Bayesian',
  metric: 'validation:auc',
  direction: 'Maximize',
  jobs: '20',
  parallel: '2',
  early: 'Off',
  ranges: [
    { name: 'eta', kind: 'Continuous', from: '0.05', to: '0.5', scaling: 'Logarithmic', values: '' },
    { name: 'max_depth', kind: 'Integer', from: '2', to: '8', scaling: 'Auto', values: '' },
  ],
  more: '',
};

export const NO_RANGE: RangeDraft = { name: '', kind: 'Continuous', from: '', to: '', scaling: 'Auto', values: '' };

function rangesOf(ranges: RangeDraft[]): ParameterRanges {
  const of = (kind: RangeDraft['kind']) => ranges.filter(one => one.kind === kind && one.name);
  const numeric = (kind: RangeDraft['kind']) => of(kind).map(one => ({ Name: one.name, MinValue: one.from, MaxValue: one.to, ScalingType: one.scaling as 'Auto' }));
  return {
    ContinuousParameterRanges: numeric('Continuous'),
    IntegerParameterRanges: numeric('Integer'),
    CategoricalParameterRanges: of('Categorical').map(one => ({ Name: one.name, Values: one.values.split(',').map(value => value.trim()).filter(Boolean) })),
  };
}

// Of the training jobs; their name is the tuning job's.
function definitionOf(training: Training, image: string, ranges: RangeDraft[]): HyperParameterTrainingJobDefinition {
  const { TrainingJobName: _name, HyperParameters: fixed, ...rest } = requestOfDraft(training, image);
  const searched = new Set(ranges.map(one => one.name));
  return {
    ...rest,
    StaticHyperParameters: Object.fromEntries(Object.entries(fixed ?? {}).filter(([name]) => !searched.has(name))),
  } as HyperParameterTrainingJobDefinition;
}

// Whatever is wrong with the request the server says.
export function requestOf(draft: Draft, image: string): CreateHyperParameterTuningJobRequest {
  const more = parsedMore<CreateHyperParameterTuningJobRequest>(draft.more);
  const config = more.HyperParameterTuningJobConfig;
  return pruned<CreateHyperParameterTuningJobRequest>({
    ...more,
    HyperParameterTuningJobName: draft.training.name,
    HyperParameterTuningJobConfig: {
      ...config,
      Strategy: draft.strategy as HyperParameterTuningJobStrategyType,
      HyperParameterTuningJobObjective: { Type: draft.direction, MetricName: draft.metric },
      ResourceLimits: { ...config?.ResourceLimits, MaxNumberOfTrainingJobs: Number(draft.jobs) || undefined, MaxParallelTrainingJobs: Number(draft.parallel) },
      ParameterRanges: { ...config?.ParameterRanges, ...rangesOf(draft.ranges) },
      TrainingJobEarlyStoppingType: draft.early as TrainingJobEarlyStoppingType,
    },
    TrainingJobDefinition: definitionOf(draft.training, image, draft.ranges),
  });
}

function rangeDrafts(ranges: ParameterRanges = {}): RangeDraft[] {
  const numeric = (kind: 'Continuous' | 'Integer') =>
    (ranges[`${kind}ParameterRanges`] ?? []).map((one): RangeDraft => ({ name: one.Name ?? '', kind, from: one.MinValue ?? '', to: one.MaxValue ?? '', scaling: one.ScalingType ?? 'Auto', values: '' }));
  const words = (ranges.CategoricalParameterRanges ?? []).map((one): RangeDraft => ({ ...NO_RANGE, name: one.Name ?? '', kind: 'Categorical', values: (one.Values ?? []).join(', ') }));
  return [...numeric('Continuous'), ...numeric('Integer'), ...words];
}

// The other way round, for "clone and edit": of a search with one definition of its training jobs.
export function draftOf(request: CreateHyperParameterTuningJobRequest, builtIn: string): Draft {
  const { HyperParameterTuningJobName: name, HyperParameterTuningJobConfig: config, TrainingJobDefinition: definition, ...rest } = request;
  if (!definition || !config) {
    throw new Error('This tuning job has several definitions of training jobs. Its code can be cloned: see "Definition and code".');
  }
  const { StaticHyperParameters: fixed, HyperParameterRanges: ranges, TuningObjective: objective, DefinitionName: _definition, ...training } = definition;
  const { Strategy: strategy, HyperParameterTuningJobObjective: wanted, ResourceLimits: limits, ParameterRanges: shared, TrainingJobEarlyStoppingType: early, ...others } = config;
  const { MaxNumberOfTrainingJobs: jobs, MaxParallelTrainingJobs: parallel, ...limited } = limits ?? {};
  const more = pruned({ ...rest, HyperParameterTuningJobConfig: { ...others, ResourceLimits: limited } });
  const target = objective ?? wanted;
  return {
    training: trainingDraftOf({ ...training, TrainingJobName: name, HyperParameters: fixed } as never, builtIn),
    strategy: strategy ?? EMPTY.strategy,
    metric: target?.MetricName ?? '',
    direction: target?.Type ?? 'Maximize',
    jobs: jobs === undefined ? '' : String(jobs),
    parallel: String(parallel ?? 1),
    early: early ?? 'Off',
    ranges: rangeDrafts(ranges ?? shared),
    more: Object.keys(more).length > 0 ? JSON.stringify(more, null, 2) : '',
  };
}
