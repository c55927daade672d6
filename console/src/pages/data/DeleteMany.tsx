import Box from '@cloudscape-design/components/box';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useEffect, useRef, useState } from 'react';

import { byteText } from '../../parts/numbers';
import { counted } from '../../parts/words';
import { Confirm } from '../../parts/Confirm';
import { ErrorBox } from '../../parts/ErrorBox';
import { type Count, countObjects } from './buckets';

interface Props {
  bucket: string;
  prefixes: string[]; // what is counted
  objects?: { count: number; bytes: number }; // chosen one by one
  title: string;
  type: string;
  act: (progress: (deleted: number) => void, signal: AbortSignal) => Promise<unknown>;
  close: () => void;
  children?: ReactNode;
}

function useCount(bucket: string, prefixes: string[]) {
  const [count, setCount] = useState<Count>({ objects: 0, bytes: 0, done: prefixes.length === 0 });
  const [error, setError] = useState<unknown>();
  const key = JSON.stringify([bucket, prefixes]);
  useEffect(() => {
    const control = new AbortController();
    const run = async () => {
      let before = { objects: 0, bytes: 0 };
      for (const [index, prefix] of prefixes.entries()) {
        const last = index === prefixes.length - 1;
        const { objects, bytes: size } = before;
        const found = await countObjects(
          bucket, prefix,
          so => setCount({ objects: objects + so.objects, bytes: size + so.bytes, done: last && so.done }),
          control.signal
        );
        before = { objects: objects + found.objects, bytes: size + found.bytes };
      }
    };
    run().catch((thrown: unknown) => {
      if (!control.signal.aborted) setError(thrown);
    });
    return () => control.abort();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `key` stands for them
  }, [key]);
  return { count, error };
}

// Deletes what cannot be brought back: says how much it is, wants a name typed, tells how far it is.
export function DeleteMany(props: Props) {
  const { count, error } = useCount(props.bucket, props.prefixes);
  const [deleted, setDeleted] = useState<number>();
  const control = useRef(new AbortController());
  const total = { count: count.objects + (props.objects?.count ?? 0), bytes: count.bytes + (props.objects?.bytes ?? 0) };
  return (
    <Confirm
      title={props.title}
      verb="Delete"
      type={props.type}
      act={() => props.act(setDeleted, control.current.signal)}
      close={() => {
        control.current.abort();
        props.close();
      }}
    >
      <SpaceBetween size="s">
        {error !== undefined ? (
          <ErrorBox error={error} doing="Counting" />
        ) : (
          <StatusIndicator type={count.done ? 'warning' : 'loading'}>
            {count.done ? '' : 'Counting: '}
            {counted(total.count, 'object')}, {byteText(total.bytes)}
            {count.done ? ' will be deleted' : ' so far'}
          </StatusIndicator>
        )}
        {props.children}
        <Box>This cannot be undone.</Box>
        {deleted !== undefined && <StatusIndicator type="in-progress">{counted(deleted, 'object')} deleted</StatusIndicator>}
      </SpaceBetween>
    </Confirm>
  );
}
