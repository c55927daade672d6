import { type DescribeAlgorithmOutput, HyperParameterScalingType, HyperParameterTuningJobStrategyType, TrainingJobEarlyStoppingType } from '@aws-sdk/client-sagemaker';
import AttributeEditor from '@cloudscape-design/components/attribute-editor';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { ChoiceField, CountField, missing, TextField } from '../../parts/fields';
import { type Draft, NO_RANGE, type RangeDraft } from './draft';

interface Props {
  draft: Draft;
  edit: (part: Partial<Draft>) => void;
  algorithm?: DescribeAlgorithmOutput; // of a built-in one
  checked: boolean;
}

function Small({ value, words, label, change, disabled }: { value: string; words: readonly string[]; label: string; change: (value: string) => void; disabled?: boolean }) {
  return (
    <Select
      selectedOption={{ value, label: value }}
      options={words.map(one => ({ value: one, label: one }))}
      ariaLabel={label}
      disabled={disabled}
      onChange={({ detail }) => change(detail.selectedOption.value!)}
    />
  );
}

const KINDS = ['Continuous', 'Integer', 'Categorical'] as const;

function Ranges({ draft, edit, algorithm }: Props) {
  const set = (index: number, part: Partial<RangeDraft>) => edit({ ranges: draft.ranges.map((range, at) => (at === index ? { ...range, ...part } : range)) });
  const tunable = (algorithm?.TrainingSpecification?.SupportedHyperParameters ?? []).filter(one => one.IsTunable);
  // A name that the algorithm declares brings its kind along.
  const named = (index: number, name: string) => {
    const type = tunable.find(one => one.Name === name)?.Type;
    const kind = KINDS.find(one => one === type);
    set(index, kind ? { name, kind } : { name });
  };
  return (
    <AttributeEditor
      items={draft.ranges}
      addButtonText="Add a hyperparameter"
      removeButtonText="Remove"
      removeButtonAriaLabel={range => `Remove the range of ${range.name}`}
      empty="Nothing is searched yet."
      onAddButtonClick={() => edit({ ranges: [...draft.ranges, NO_RANGE] })}
      onRemoveButtonClick={({ detail }) => edit({ ranges: draft.ranges.filter((_, at) => at !== detail.itemIndex) })}
      definition={[
        {
          label: 'Hyperparameter',
          control: (range: RangeDraft, index) =>
            tunable.length > 0 ? (
              <Small value={range.name} words={tunable.map(one => one.Name!)} label="Hyperparameter" change={name => named(index, name)} />
            ) : (
              <Input value={range.name} ariaLabel="Hyperparameter" onChange={({ detail }) => set(index, { name: detail.value })} />
            ),
        },
        { label: 'Kind', control: (range: RangeDraft, index) => <Small value={range.kind} words={KINDS} label="Kind" change={kind => set(index, { kind: kind as RangeDraft['kind'] })} /> },
        {
          label: 'From, or values',
          control: (range: RangeDraft, index) =>
            range.kind === 'Categorical' ? (
              <Input value={range.values} ariaLabel="Values" placeholder="one, two" onChange={({ detail }) => set(index, { values: detail.value })} />
            ) : (
              <Input value={range.from} ariaLabel="From" inputMode="decimal" onChange={({ detail }) => set(index, { from: detail.value })} />
            ),
        },
        { label: 'To', control: (range: RangeDraft, index) => <Input value={range.kind === 'Categorical' ? '' : range.to} ariaLabel="To" inputMode="decimal" disabled={range.kind === 'Categorical'} onChange={({ detail }) => set(index, { to: detail.value })} /> },
        { label: 'Scaling', control: (range: RangeDraft, index) => <Small value={range.scaling} words={Object.values(HyperParameterScalingType)} label="Scaling" disabled={range.kind === 'Categorical'} change={scaling => set(index, { scaling })} /> },
      ]}
    />
  );
}

// How the search goes, for what, and over what.
export function SearchSection(props: Props) {
  const { draft, edit, algorithm, checked } = props;
  const objectives = algorithm?.TrainingSpecification?.SupportedTuningJobObjectiveMetrics ?? [];
  const choose = (metric: string) => edit({ metric, direction: objectives.find(one => one.MetricName === metric)?.Type ?? draft.direction });
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Search</Header>}>
        <SpaceBetween size="m">
          <ColumnLayout columns={2}>
            <ChoiceField label="Strategy" value={draft.strategy} change={strategy => edit({ strategy })} words={Object.values(HyperParameterTuningJobStrategyType)} />
            <ChoiceField label="Early stopping" value={draft.early} change={early => edit({ early })} words={Object.values(TrainingJobEarlyStoppingType)} describe="Auto: training jobs that are worse than others were by then are stopped." />
            {objectives.length > 0 ? (
              <ChoiceField label="Objective" value={draft.metric} change={choose} words={objectives.map(one => one.MetricName!)} find="Find a metric" error={missing(checked, draft.metric)} />
            ) : (
              <TextField label="Objective" value={draft.metric} change={metric => edit({ metric })} describe="A metric that the training jobs log." error={missing(checked, draft.metric)} />
            )}
            <ChoiceField label="It is to be" value={draft.direction} change={direction => edit({ direction: direction as Draft['direction'] })} words={['Maximize', 'Minimize']} />
            <CountField label="Training jobs" value={draft.jobs} change={jobs => edit({ jobs })} checked={checked} />
            <CountField label="At the same time" value={draft.parallel} change={parallel => edit({ parallel })} checked={checked} />
          </ColumnLayout>
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2" description="What is named here is searched; what is given below is the same for every training job">Ranges</Header>}>
        <Ranges {...props} />
      </Container>
    </SpaceBetween>
  );
}
