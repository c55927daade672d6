import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Toggle from '@cloudscape-design/components/toggle';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';

import './logview.css';
import { usePolled } from '../aws/usePolled';
import { ErrorBox } from './ErrorBox';
import { download, type Line, LogTail, type Place, save, search, streamsOf } from './logs';
import { VirtualLines } from './VirtualLines';

const FOUND = 5000; // matches that are shown

interface Props {
  group: string;
  prefix: string; // of the streams that belong to what is shown
  live: boolean; // more may come
  height?: number;
}

function Stream({ place, live, height }: { place: Place; live: boolean; height?: number }) {
  const tail = useMemo(() => new LogTail(place), [place.group, place.stream]); // eslint-disable-line react-hooks/exhaustive-deps
  const [lines, setLines] = useState<Line[]>([]);
  const [follow, setFollow] = useState(true);
  const [text, setText] = useState('');
  const [wanted, setWanted] = useState('');
  const older = useRef<Promise<unknown> | undefined>(undefined);

  useEffect(() => {
    const timer = window.setTimeout(() => setWanted(text), 300);
    return () => window.clearTimeout(timer);
  }, [text]);
  // After the end one more look: the last lines may come a moment later than the status.
  const polled = usePolled(
    async signal => {
      const grown = await tail.follow(signal);
      if (grown) setLines(tail.lines);
      return { grown, live };
    },
    [place.group, place.stream],
    { next: last => (live || last.live ? 1500 : 0) }
  );
  const found = usePolled(signal => search(place, wanted, FOUND, signal), [place.group, place.stream, wanted], {
    enabled: wanted !== '',
    next: () => (live ? 5000 : 0),
  });
  const loadOlder = useCallback(() => {
    if (wanted || older.current || tail.atStart) return;
    older.current = tail.older().then(grown => {
      older.current = undefined;
      if (grown) setLines(tail.lines);
    });
    older.current.catch(() => (older.current = undefined));
  }, [tail, wanted]);
  const leave = useCallback(() => setFollow(false), []);
  const reach = useCallback(() => setFollow(true), []);

  const error = wanted ? found.error : polled.error;
  const shown = wanted ? (found.data?.lines ?? []) : lines;
  return (
    <SpaceBetween size="s">
      <div className="clary-log-bar">
        <div className="search">
          <Input type="search" value={text} placeholder="Find lines with this text" ariaLabel="Find lines with this text" clearAriaLabel="Clear" onChange={({ detail }) => setText(detail.value)} />
        </div>
        <Toggle checked={follow && !wanted} disabled={wanted !== ''} onChange={({ detail }) => setFollow(detail.checked)}>
          Follow
        </Toggle>
        <Download place={place} />
      </div>
      {error !== undefined && <ErrorBox error={error} />}
      <VirtualLines lines={shown} label={`Log ${place.stream}`} follow={follow && !wanted} onLeaveEnd={leave} onReachEnd={reach} onReachStart={loadOlder} height={height} />
      <Box color="text-body-secondary" fontSize="body-s">
        {wanted
          ? `${shown.length}${found.data?.more ? ' or more' : ''} lines with "${wanted}"`
          : `${lines.length} lines${tail.atStart || lines.length < 1000 ? '' : '; scroll up for older ones'}`}
      </Box>
    </SpaceBetween>
  );
}

function Download({ place }: { place: Place }) {
  const [count, setCount] = useState<number>();
  const [error, setError] = useState<unknown>();
  const control = useRef<AbortController>(undefined);
  useEffect(() => () => control.current?.abort(), []);
  const go = async () => {
    if (control.current) {
      control.current.abort();
      return;
    }
    control.current = new AbortController();
    setCount(0);
    setError(undefined);
    try {
      save(await download(place, setCount, control.current.signal), `${place.stream.replaceAll('/', '_')}.log`);
    } catch (thrown) {
      if (!control.current.signal.aborted) setError(thrown);
    } finally {
      control.current = undefined;
      setCount(undefined);
    }
  };
  return (
    <>
      <Button iconName={count === undefined ? 'download' : 'close'} onClick={() => void go()}>
        {count === undefined ? 'Download' : `${count} lines so far; cancel`}
      </Button>
      {error !== undefined && <ErrorBox error={error} doing="Download" />}
    </>
  );
}

// The log streams of a job or endpoint: follow, find, download.
export function LogView({ group, prefix, live, height }: Props) {
  const [chosen, setChosen] = useState('');
  const streams = usePolled(signal => streamsOf(group, prefix, signal), [group, prefix], {
    next: found => (live ? (found.length > 0 ? 10_000 : 1500) : 0),
  });
  if (streams.error !== undefined && !streams.data) return <ErrorBox error={streams.error} retry={() => void streams.refresh()} doing="Logs" />;
  const names = streams.data ?? [];
  const name = names.includes(chosen) ? chosen : names[0];
  if (!name) {
    return <Box color="text-body-secondary">{streams.loading ? 'Looking for logs' : live ? 'Nothing has been logged yet.' : 'Nothing was logged.'}</Box>;
  }
  return (
    <SpaceBetween size="s">
      {names.length > 1 && (
        <Select
          selectedOption={{ value: name, label: name }}
          options={names.map(one => ({ value: one, label: one }))}
          ariaLabel="Log stream"
          filteringType={names.length > 10 ? 'auto' : 'none'}
          onChange={({ detail }) => setChosen(detail.selectedOption.value ?? '')}
        />
      )}
      <Stream key={name} place={{ group, stream: name }} live={live} height={height} />
    </SpaceBetween>
  );
}
