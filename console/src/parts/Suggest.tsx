import Autosuggest from '@cloudscape-design/components/autosuggest';
import { useEffect, useRef, useState } from 'react';

interface Props {
  value: string;
  change: (value: string) => void;
  // Asked for with what is typed, after a pause.
  find: (text: string, signal: AbortSignal) => Promise<string[]>;
  placeholder?: string;
  label?: string; // for those who do not see what it belongs to, when no FormField says it
  empty?: string;
}

// A name that is typed, with those the server has to choose from.
export function Suggest({ value, change, find, placeholder, label, empty = 'Nothing is like that' }: Props) {
  const [options, setOptions] = useState<string[]>([]);
  const [status, setStatus] = useState<'pending' | 'loading' | 'finished' | 'error'>('pending');
  const control = useRef<AbortController>(undefined);
  const timer = useRef(0);
  useEffect(
    () => () => {
      window.clearTimeout(timer.current);
      control.current?.abort();
    },
    []
  );
  const load = (text: string) => {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      control.current?.abort();
      const own = (control.current = new AbortController());
      setStatus('loading');
      find(text, own.signal).then(
        found => {
          if (own.signal.aborted) return;
          setOptions(found);
          setStatus('finished');
        },
        () => {
          if (!own.signal.aborted) setStatus('error');
        }
      );
    }, 200);
  };
  return (
    <Autosuggest
      value={value}
      onChange={({ detail }) => change(detail.value)}
      onSelect={({ detail }) => change(detail.value)}
      onLoadItems={({ detail }) => load(detail.filteringText)}
      options={options.map(one => ({ value: one }))}
      filteringType="manual"
      statusType={status}
      loadingText="Looking"
      errorText="They could not be listed"
      recoveryText="Try again"
      empty={empty}
      enteredTextLabel={text => `Use: "${text}"`}
      placeholder={placeholder}
      ariaLabel={label}
    />
  );
}
