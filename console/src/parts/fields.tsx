import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import Textarea from '@cloudscape-design/components/textarea';
import type { ReactNode } from 'react';

import { S3Input } from './S3Input';

// Fields of forms, each with its label, its help and what is wrong with it.

interface Field {
  label: string;
  value: string;
  change: (value: string) => void;
  describe?: ReactNode;
  constraint?: string;
  error?: string;
}

export const missing = (checked: boolean, value: string) => (checked && !value.trim() ? 'This has to be given.' : undefined);

export function TextField({ placeholder, ...of }: Field & { placeholder?: string }) {
  return (
    <FormField label={of.label} description={of.describe} constraintText={of.constraint} errorText={of.error}>
      <Input value={of.value} ariaLabel={of.label} spellcheck={false} placeholder={placeholder} onChange={({ detail }) => of.change(detail.value)} />
    </FormField>
  );
}

export function LinesField({ rows = 3, placeholder, ...of }: Field & { rows?: number; placeholder?: string }) {
  return (
    <FormField label={of.label} description={of.describe} constraintText={of.constraint} errorText={of.error}>
      <Textarea value={of.value} rows={rows} spellcheck={false} ariaLabel={of.label} placeholder={placeholder} onChange={({ detail }) => of.change(detail.value)} />
    </FormField>
  );
}

export function S3Field(of: Field) {
  return (
    <FormField label={of.label} description={of.describe} errorText={of.error}>
      <S3Input value={of.value} label={of.label} change={of.change} />
    </FormField>
  );
}

export const isCount = (value: string) => Number.isInteger(Number(value)) && Number(value) >= 1;

export function CountField({ checked, ...of }: Field & { checked: boolean }) {
  const wrong = (of.value !== '' || checked) && !isCount(of.value);
  return (
    <FormField label={of.label} description={of.describe} constraintText={of.constraint} errorText={wrong ? 'A whole number, at least 1.' : undefined}>
      <Input value={of.value} type="number" inputMode="numeric" ariaLabel={of.label} onChange={({ detail }) => of.change(detail.value)} />
    </FormField>
  );
}

// `words`: the values; '' is offered first when there is a word for it.
export function ChoiceField({ words, none, find, ...of }: Field & { words: readonly string[]; none?: string; find?: string }) {
  const options = [...(none ? [{ value: '', label: none }] : []), ...words.map(value => ({ value, label: value }))];
  return (
    <FormField label={of.label} description={of.describe} errorText={of.error}>
      <Select
        selectedOption={options.find(one => one.value === of.value) ?? { value: of.value, label: of.value }}
        options={options}
        filteringType={find ? 'auto' : 'none'}
        filteringAriaLabel={find}
        ariaLabel={of.label}
        onChange={({ detail }) => of.change(detail.selectedOption.value ?? '')}
      />
    </FormField>
  );
}

export function JsonField(of: Omit<Field, 'label'> & { placeholder?: string }) {
  return <LinesField {...of} label="Further members, as JSON" rows={6} />;
}
