import { store, useStore } from '../app/store';

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000], ['month', 2_592_000], ['week', 604_800], ['day', 86_400], ['hour', 3600], ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });

export function exactTime(time: Date): string {
  return exact.format(time);
}

export function relativeTime(time: Date, now = Date.now()): string {
  const seconds = (time.getTime() - now) / 1000;
  if (Math.abs(seconds) < 45) return seconds > 5 ? 'in a moment' : 'just now';
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(Math.round(seconds / 60), 'minute');
}

// "1 h 5 min", "3.2 s"
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '–';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

// One clock for all of them.
const ticks = store(0);
window.setInterval(() => ticks.set(ticks.get() + 1), 30_000);

// How long ago, exact on hover; keeps up by itself.
export function Time({ at }: { at?: Date }) {
  useStore(ticks);
  if (!at) return <>–</>;
  return (
    <time dateTime={at.toISOString()} title={exactTime(at)}>
      {relativeTime(at)}
    </time>
  );
}
