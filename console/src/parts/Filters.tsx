import Input from '@cloudscape-design/components/input';
import Select, { type SelectProps } from '@cloudscape-design/components/select';
import { useEffect, useRef, useState } from 'react';

import './filters.css';
import { spaced } from './StatusBadge';

// A text that names contain, or one of a few values.
export interface Filter {
  name: string; // in the address and in Ask.filters
  label: string;
  options?: string[];
}

const PAUSE_MS = 250; // of typing, before the server is asked

function TextFilter({ filter, value, change }: { filter: Filter; value: string; change: (value: string) => void }) {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  const timer = useRef(0);
  useEffect(() => {
    // Changed from elsewhere: Back, or "clear".
    if (value !== sent.current) setText(value);
    sent.current = value;
  }, [value]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return (
    <Input
      type="search"
      value={text}
      placeholder={filter.label}
      ariaLabel={filter.label}
      clearAriaLabel="Clear"
      onChange={({ detail }) => {
        setText(detail.value);
        window.clearTimeout(timer.current);
        timer.current = window.setTimeout(() => {
          sent.current = detail.value;
          change(detail.value);
        }, PAUSE_MS);
      }}
    />
  );
}

function ChoiceFilter({ filter, value, change }: { filter: Filter; value: string; change: (value: string) => void }) {
  const any: SelectProps.Option = { value: '', label: `Any ${filter.label.toLowerCase()}` };
  const options = [any, ...filter.options!.map(one => ({ value: one, label: spaced(one) }))];
  return (
    <Select
      selectedOption={options.find(one => one.value === value) ?? any}
      options={options}
      ariaLabel={filter.label}
      onChange={({ detail }) => change(detail.selectedOption.value ?? '')}
    />
  );
}

export function Filters(props: { filters: Filter[]; values: Record<string, string>; change: (name: string, value: string) => void }) {
  return (
    <div className="clary-filters" role="search">
      {props.filters.map(filter => {
        const One = filter.options ? ChoiceFilter : TextFilter;
        return (
          <div key={filter.name} className={filter.options ? 'choice' : 'text'}>
            <One filter={filter} value={props.values[filter.name] ?? ''} change={value => props.change(filter.name, value)} />
          </div>
        );
      })}
    </div>
  );
}
