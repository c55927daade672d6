import Papa from 'papaparse';

import { counted } from '../../../parts/words';
import { type Column, isNumberText, profile } from './columns';

// The first rows of a file as a table.

export interface Table {
  format: string; // "CSV, separated by commas, with a header line"
  columns: Column[];
  rows: unknown[][];
  complete: boolean; // there are no other rows
  total?: number; // rows of the whole file, where it tells
}

export const ROWS = 5000;
const COLUMNS = 200;
const DELIMITERS: Record<string, string> = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'bars', ' ': 'spaces' };

function tabled(format: string, names: string[], rows: unknown[][], complete: boolean, types: (string | undefined)[] = [], total?: number): Table {
  const columns = names.slice(0, COLUMNS).map((name, index) => profile(name, rows.map(row => row[index]), types[index]));
  return { format, columns, rows, complete, total };
}

// A first line of names: none is a number, no two are equal, and something below it is a number or
// looks different.
function hasHeader(rows: string[][]): boolean {
  const [first, ...rest] = rows;
  if (!first || rest.length === 0) return false;
  if (first.some(cell => cell.trim() === '' || isNumberText(cell)) || new Set(first).size < first.length) return false;
  return rest.some(row => row.some(isNumberText)) || first.every(cell => /^[\w .:/()%-]+$/.test(cell));
}

// `whole`: `text` is all of the file; else its last line may be cut and is left out.
export function csvTable(text: string, whole: boolean): Table | undefined {
  const parsed = Papa.parse<string[]>(text, { skipEmptyLines: true, preview: ROWS + 2 });
  let rows = parsed.data;
  const capped = rows.length > ROWS + 1;
  if (capped) rows = rows.slice(0, ROWS + 1);
  else if (!whole) rows = rows.slice(0, -1);
  if (rows.length === 0) return undefined;
  const header = hasHeader(rows);
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  if (width < 2 && !header) return undefined;
  const names = Array.from({ length: width }, (_, index) => (header ? rows[0]![index] : undefined) ?? `column ${index + 1}`);
  const delimiter = DELIMITERS[parsed.meta.delimiter] ?? parsed.meta.delimiter;
  const format = `CSV, separated by ${delimiter}, ${header ? 'with a header line' : 'without a header line'}`;
  return tabled(format, names, header ? rows.slice(1) : rows, whole && !capped);
}

export function jsonLinesTable(text: string, whole: boolean): Table | undefined {
  const lines = text.split('\n').filter(line => line.trim() !== '');
  const used = (whole ? lines : lines.slice(0, -1)).slice(0, ROWS);
  const names = new Set<string>();
  const objects: Record<string, unknown>[] = [];
  for (const line of used) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return undefined;
    }
    const object = Array.isArray(value) ? Object.fromEntries(value.map((one, index) => [`column ${index + 1}`, one as unknown])) : typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { value };
    for (const name of Object.keys(object)) names.add(name);
    objects.push(object);
  }
  if (objects.length === 0) return undefined;
  const order = [...names];
  return tabled('JSON lines', order, objects.map(object => order.map(name => object[name])), whole && used.length === lines.length);
}

export function libsvmTable(text: string, whole: boolean): Table | undefined {
  const lines = text.split('\n').filter(line => line.trim() !== '');
  const used = (whole ? lines : lines.slice(0, -1)).slice(0, ROWS);
  if (used.length === 0 || !used.every(line => /^\s*[-+\d.eE]+(\s+\d+:\S+)*\s*$/.test(line)) || !used.some(line => line.includes(':'))) return undefined;
  const features = new Set<number>();
  const parsed = used.map(line => {
    const [label, ...pairs] = line.trim().split(/\s+/);
    const values = new Map(pairs.map(pair => pair.split(':') as [string, string]).map(([index, value]) => [Number(index), value]));
    for (const index of values.keys()) features.add(index);
    return { label, values };
  });
  const order = [...features].sort((a, b) => a - b).slice(0, COLUMNS);
  const rows = parsed.map(({ label, values }) => [label, ...order.map(index => values.get(index))]);
  return tabled('LIBSVM', ['label', ...order.map(index => `feature ${index}`)], rows, whole && used.length === lines.length);
}

// A Parquet file by ranged reads: its schema at the end, then the pages of the first rows.
export async function parquetTable(size: number, read: (from: number, to: number) => Promise<Uint8Array>): Promise<Table> {
  const [{ parquetMetadataAsync, parquetReadObjects, parquetSchema }, { compressors }] = await Promise.all([import('hyparquet'), import('./compressors')]);
  const file = {
    byteLength: size,
    // A copy whose buffer is exactly the range.
    slice: async (from: number, to = size) => (await read(from, to)).slice().buffer as ArrayBuffer,
  };
  const metadata = await parquetMetadataAsync(file);
  const fields = parquetSchema(metadata).children.slice(0, COLUMNS);
  const names = fields.map(field => field.element.name);
  const types = fields.map(({ element }) => (element.logical_type?.type ?? element.converted_type ?? element.type ?? 'group').toLowerCase());
  const total = Number(metadata.num_rows);
  const objects = await parquetReadObjects({
    file,
    metadata,
    columns: names,
    rowStart: 0,
    rowEnd: Math.min(ROWS, total),
    compressors,
  });
  const rows = objects.map(object => names.map(name => object[name]));
  return tabled(`Parquet, ${counted(metadata.row_groups.length, 'row group')}`, names, rows, rows.length === total, types, total);
}
