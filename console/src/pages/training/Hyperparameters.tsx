import type { HyperParameterSpecification } from '@aws-sdk/client-sagemaker';
import AttributeEditor from '@cloudscape-design/components/attribute-editor';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { faultOf } from './draft';

type Values = Record<string, string>;

// What most jobs set; the rest is a click away.
const USUAL = new Set(['objective', 'num_round', 'eval_metric', 'max_depth', 'eta', 'gamma', 'min_child_weight', 'subsample', 'num_class', 'early_stopping_rounds', 'seed']);

function One({ of, value, change, checked }: { of: HyperParameterSpecification; value: string; change: (value: string) => void; checked: boolean }) {
  const words = of.Range?.CategoricalParameterRangeSpecification?.Values;
  const fallback = of.DefaultValue ?? '';
  const fault = value !== '' || checked ? faultOf(of, value) : undefined;
  const options = [{ value: '', label: fallback ? `${fallback} (default)` : 'not given' }, ...(words ?? []).map(word => ({ value: word, label: word }))];
  return (
    <FormField label={of.IsRequired ? of.Name : <>{of.Name} <i>- optional</i></>} description={of.Description} errorText={fault}>
      {words ? (
        <Select selectedOption={options.find(one => one.value === value) ?? { value, label: value }} options={options} ariaLabel={of.Name} onChange={({ detail }) => change(detail.selectedOption.value ?? '')} />
      ) : (
        <Input value={value} placeholder={fallback} inputMode={of.Type === 'FreeText' ? 'text' : 'decimal'} ariaLabel={of.Name} onChange={({ detail }) => change(detail.value)} />
      )}
    </FormField>
  );
}

// Of a built-in algorithm, as DescribeAlgorithm declares them.
export function Declared({ specifications, values, change, checked }: { specifications: HyperParameterSpecification[]; values: Values; change: (values: Values) => void; checked: boolean }) {
  const one = (of: HyperParameterSpecification) => (
    <One key={of.Name} of={of} value={values[of.Name!] ?? ''} checked={checked} change={value => change({ ...values, [of.Name!]: value })} />
  );
  const usual = specifications.filter(of => of.IsRequired || USUAL.has(of.Name!));
  const rest = specifications.filter(of => !usual.includes(of));
  const given = rest.filter(of => values[of.Name!]).length;
  return (
    <SpaceBetween size="m">
      <ColumnLayout columns={2}>{usual.map(one)}</ColumnLayout>
      {rest.length > 0 && (
        <ExpandableSection headerText={`${rest.length} more${given ? `, ${given} of them given` : ''}`} defaultExpanded={given > 0}>
          <ColumnLayout columns={2}>{rest.map(one)}</ColumnLayout>
        </ExpandableSection>
      )}
    </SpaceBetween>
  );
}

interface Pair {
  key: string;
  value: string;
}

export function Pairs({ pairs, change, what }: { pairs: Pair[]; change: (pairs: Pair[]) => void; what: string }) {
  const edit = (index: number, part: Partial<Pair>) => change(pairs.map((pair, at) => (at === index ? { ...pair, ...part } : pair)));
  return (
    <AttributeEditor
      items={pairs}
      addButtonText={`Add ${what}`}
      removeButtonText="Remove"
      empty={`No ${what} yet.`}
      onAddButtonClick={() => change([...pairs, { key: '', value: '' }])}
      onRemoveButtonClick={({ detail }) => change(pairs.filter((_, at) => at !== detail.itemIndex))}
      removeButtonAriaLabel={pair => `Remove ${pair.key}`}
      definition={[
        { label: 'Name', control: (pair: Pair, index) => <Input value={pair.key} ariaLabel="Name" onChange={({ detail }) => edit(index, { key: detail.value })} /> },
        { label: 'Value', control: (pair: Pair, index) => <Input value={pair.value} ariaLabel="Value" onChange={({ detail }) => edit(index, { value: detail.value })} /> },
      ]}
    />
  );
}
