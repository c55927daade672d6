import { useCallback, useEffect, useRef, useState } from 'react';

import { useStore } from '../app/store';
import { reachable, unreachable } from './connection';
import { chosenRegion } from './client';
import { problemOf } from './errors';

export interface Polled<T> {
  data?: T;
  error?: unknown; // of the last try; `data` stays what was last known
  loading: boolean; // nothing is known yet
  refreshing: boolean;
  refresh: () => Promise<void>;
}

export interface PollOptions<T> {
  every?: number; // milliseconds; 0 asks once
  enabled?: boolean;
  // Slower or never again once there is nothing to wait for: answers the next pause, 0 for never.
  next?: (data: T) => number;
}

const LONGEST_PAUSE = 30_000;

// Asks, shows, asks again: every few seconds while the page is seen, ever slower while it fails, at
// once when the page is seen again. `keys` are what `ask` depends on: when they change, what was
// known is forgotten and whatever is under way is dropped.
export function usePolled<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
  options: PollOptions<T> = {}
): Polled<T> {
  const region = useStore(chosenRegion);
  const [known, setKnown] = useState<{ key: string; data?: T; error?: unknown }>({ key: '' });
  const [refreshing, setRefreshing] = useState(false);
  const latest = useRef({ ask, options });
  latest.current = { ask, options };
  const again = useRef<() => Promise<void>>(async () => {});
  const enabled = options.enabled ?? true;
  const key = JSON.stringify([region, ...keys]);

  useEffect(() => {
    if (!enabled) return;
    const control = new AbortController();
    let timer = 0;
    let failures = 0;
    let pause = 0;
    let running: Promise<void> | undefined;

    const plan = (milliseconds: number) => {
      window.clearTimeout(timer);
      pause = milliseconds;
      if (milliseconds > 0 && !document.hidden) timer = window.setTimeout(run, milliseconds);
    };
    const once = async () => {
      setRefreshing(true);
      const { ask: now, options: wanted } = latest.current;
      try {
        const data = await now(control.signal);
        if (control.signal.aborted) return;
        failures = 0;
        reachable();
        setKnown({ key, data });
        plan(wanted.next ? wanted.next(data) : (wanted.every ?? 5000));
      } catch (error) {
        if (control.signal.aborted) return;
        failures += 1;
        const lost = problemOf(error).kind === 'unreachable';
        if (lost) unreachable();
        setKnown(before => ({ key, data: before.key === key ? before.data : undefined, error }));
        const usual = wanted.every ?? 5000;
        // Who cannot be reached is asked again even by what asks once.
        const base = usual > 0 ? usual : lost ? 2000 : 0;
        plan(lost ? Math.min(1000 * 2 ** Math.min(failures, 4), 8000) : Math.min(base * failures, LONGEST_PAUSE));
      } finally {
        if (!control.signal.aborted) setRefreshing(false);
      }
    };
    const run = () => {
      window.clearTimeout(timer);
      running ??= once().finally(() => {
        running = undefined;
      });
      return running;
    };
    const seen = () => {
      if (document.hidden) window.clearTimeout(timer);
      else if (pause > 0) void run();
    };
    // What is under way may have been asked before the change that somebody wants to see.
    again.current = () => (running ? running.then(run) : run());
    void run();
    document.addEventListener('visibilitychange', seen);
    return () => {
      control.abort();
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [key, enabled]);

  const refresh = useCallback(() => again.current(), []);
  const fresh = known.key === key;
  return {
    data: fresh ? known.data : undefined,
    error: fresh ? known.error : undefined,
    loading: enabled && (!fresh || (known.data === undefined && known.error === undefined)),
    refreshing,
    refresh,
  };
}
