// What a column holds, told from the rows that were seen.

export type Kind = 'integer' | 'number' | 'yes or no' | 'date' | 'text' | 'nested' | 'empty';

export interface Bar {
  label: string;
  count: number;
}

export interface Column {
  name: string;
  kind: Kind;
  stored?: string; // the file's own name of the type, where it has one
  missing: number;
  distinct: number;
  least?: string;
  most?: string;
  mean?: number;
  bars: Bar[]; // of numbers and dates: equal ranges; else the most frequent values
  ranges: boolean;
}

const BINS = 20;
const TOP = 8;
const NUMBER = /^\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf|nan)\s*$/i;
const INTEGER = /^\s*[+-]?\d+\s*$/;
const DATE = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
const MISSING = new Set(['', 'NA', 'N/A', 'null', 'NULL', 'None', '?']);

export function isNumberText(text: string): boolean {
  return NUMBER.test(text);
}

function isMissing(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'string' && MISSING.has(value.trim()));
}

function kindOfOne(value: unknown): Kind {
  switch (typeof value) {
    case 'bigint':
      return 'integer';
    case 'number':
      return Number.isInteger(value) ? 'integer' : 'number';
    case 'boolean':
      return 'yes or no';
    case 'string':
      if (INTEGER.test(value)) return 'integer';
      if (NUMBER.test(value)) return 'number';
      if (/^(true|false)$/i.test(value.trim())) return 'yes or no';
      return DATE.test(value.trim()) ? 'date' : 'text';
    default:
      return value instanceof Date ? 'date' : 'nested';
  }
}

function kindOf(values: unknown[]): Kind {
  let kind: Kind = 'empty';
  for (const value of values) {
    const one = kindOfOne(value);
    if (kind === 'empty' || kind === one) kind = one;
    else if ((kind === 'integer' && one === 'number') || (kind === 'number' && one === 'integer')) kind = 'number';
    else return one === 'nested' || kind === 'nested' ? 'nested' : 'text';
  }
  return kind;
}

export function shown(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'object') return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
  return String(value as string | number | bigint | boolean);
}

function short(value: number): string {
  return String(Number(value.toPrecision(5)));
}

function ranged(numbers: number[], label: (value: number) => string): Pick<Column, 'bars' | 'least' | 'most' | 'ranges'> {
  let least = Infinity;
  let most = -Infinity;
  for (const value of numbers) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (!Number.isFinite(least) || !Number.isFinite(most)) return { bars: [], ranges: true };
  const whole = numbers.every(Number.isInteger) && most - least < BINS;
  const bins = least === most ? 1 : whole ? most - least + 1 : BINS;
  const width = whole ? 1 : (most - least) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (const value of numbers) counts[Math.min(bins - 1, width > 0 ? Math.floor((value - least) / width) : 0)]! += 1;
  const bars = counts.map((count, index) => {
    const from = least + index * width;
    return { label: whole || bins === 1 ? label(from) : `${label(from)} to ${label(from + width)}`, count };
  });
  return { bars, least: label(least), most: label(most), ranges: true };
}

function frequent(values: unknown[]): { bars: Bar[]; distinct: number } {
  const counts = new Map<string, number>();
  for (const value of values) {
    const text = shown(value);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const bars = sorted.slice(0, TOP).map(([label, count]) => ({ label, count }));
  const rest = sorted.slice(TOP).reduce((sum, [, count]) => sum + count, 0);
  if (rest > 0) bars.push({ label: 'all others', count: rest });
  return { bars, distinct: counts.size };
}

export function profile(name: string, values: unknown[], stored?: string): Column {
  const present = values.filter(value => !isMissing(value));
  const kind = kindOf(present);
  const { bars, distinct } = frequent(present);
  const column: Column = { name, kind, stored, missing: values.length - present.length, distinct, bars, ranges: false };
  if (kind === 'integer' || kind === 'number') {
    const numbers = present.map(Number).filter(Number.isFinite);
    column.mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    return { ...column, ...ranged(numbers, short) };
  }
  if (kind === 'date') {
    const times = present.map(value => new Date(value as string).getTime()).filter(Number.isFinite);
    return { ...column, ...ranged(times, value => new Date(value).toISOString().slice(0, 16)) };
  }
  return column;
}
