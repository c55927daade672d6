import { GetObjectCommand } from '@aws-sdk/client-s3';

import { s3 } from '../../../aws/s3';
import { csvTable, jsonLinesTable, libsvmTable, parquetTable, type Table } from './tables';

// What an object is, from its name, its type and its first bytes, and as much of it as is worth showing.

export interface Thing {
  bucket: string;
  key: string;
  versionId?: string;
  size: number;
  type?: string;
}

export type Look =
  | { kind: 'table'; table: Table; read: number }
  | { kind: 'text'; text: string; whole: boolean; read: number }
  | { kind: 'image'; blob: Blob; read: number }
  | { kind: 'binary'; head: Uint8Array; why?: string; read: number }
  | { kind: 'empty'; read: number };

const FIRST = 1 << 20; // bytes of text that are read
const IMAGE_LIMIT = 20 << 20;
const TEXT_SHOWN = 200_000;
const IMAGES: Record<string, string> = { png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp', bmp: 'image/bmp', avif: 'image/avif' };

async function range(thing: Thing, from: number, to: number, signal: AbortSignal): Promise<Uint8Array> {
  const answer = await s3().send(
    new GetObjectCommand({ Bucket: thing.bucket, Key: thing.key, VersionId: thing.versionId, Range: `bytes=${from}-${to - 1}` }),
    { abortSignal: signal }
  );
  return answer.Body!.transformToByteArray();
}

function startsWith(data: Uint8Array, ...bytes: number[]): boolean {
  return bytes.every((byte, index) => data[index] === byte);
}

function imageType(thing: Thing, head: Uint8Array): string | undefined {
  if (startsWith(head, 0x89, 0x50, 0x4e, 0x47)) return 'image/png';
  if (startsWith(head, 0xff, 0xd8, 0xff)) return 'image/jpeg';
  if (startsWith(head, 0x47, 0x49, 0x46, 0x38)) return 'image/gif';
  const known = IMAGES[thing.key.split('.').pop()!.toLowerCase()];
  return known && !looksLikeText(head) ? known : undefined;
}

function looksLikeText(data: Uint8Array): boolean {
  const some = data.subarray(0, 4096);
  let odd = 0;
  for (const byte of some) {
    if (byte === 0) return false;
    if (byte < 9 || (byte > 13 && byte < 32)) odd += 1;
  }
  return odd <= some.length / 100;
}

// As much as the beginning of a gzip file unpacks to.
async function unpacked(data: Uint8Array): Promise<Uint8Array> {
  const reader = new Blob([data as BlobPart]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    while (size < 4 * FIRST) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      size += value.length;
    }
    await reader.cancel();
  } catch {
    // It ends in the middle, since only its beginning was read.
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function textLook(name: string, type: string, data: Uint8Array, whole: boolean, read: number): Look {
  // A character may be cut in two at the end.
  const text = new TextDecoder('utf-8').decode(data, { stream: !whole });
  const json = /\.(jsonl|ndjson|jsonlines)$/.test(name) || /jsonlines|ndjson/.test(type);
  const plain = /\.(py|md|txt|log|json|xml|html?|js|sh|ya?ml|toml|ini|cfg)$/.test(name);
  const table = json || text.trimStart().startsWith('{') ? jsonLinesTable(text, whole) : plain ? undefined : (libsvmTable(text, whole) ?? csvTable(text, whole));
  if (table && (json || table.rows.length > 1 || /\.csv$/.test(name))) return { kind: 'table', table, read };
  return { kind: 'text', text: text.slice(0, TEXT_SHOWN), whole: whole && text.length <= TEXT_SHOWN, read };
}

export async function look(thing: Thing, signal: AbortSignal): Promise<Look> {
  if (thing.size === 0) return { kind: 'empty', read: 0 };
  const first = await range(thing, 0, Math.min(thing.size, FIRST), signal);
  let read = first.length;
  if (startsWith(first, 0x50, 0x41, 0x52, 0x31)) {
    try {
      const table = await parquetTable(thing.size, async (from, to) => {
        if (to <= first.length) return first.subarray(from, to);
        const data = await range(thing, from, to, signal);
        read += data.length;
        return data;
      });
      return { kind: 'table', table, read };
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      return { kind: 'binary', head: first.subarray(0, 512), why: `It begins like Parquet but could not be read: ${(thrown as Error).message}`, read };
    }
  }
  const image = imageType(thing, first);
  if (image && thing.size <= IMAGE_LIMIT) {
    const all = first.length === thing.size ? first : await range(thing, 0, thing.size, signal);
    return { kind: 'image', blob: new Blob([all as BlobPart], { type: image }), read: all.length };
  }
  const zipped = startsWith(first, 0x1f, 0x8b);
  const data = zipped ? await unpacked(first) : first;
  const name = thing.key.toLowerCase().replace(/\.gz$/, '');
  if (looksLikeText(data) && !/\.tar$|\.tgz$/.test(name)) {
    return textLook(name, thing.type ?? '', data, first.length === thing.size && !(zipped && data.length >= 4 * FIRST), read);
  }
  return { kind: 'binary', head: first.subarray(0, 512), read };
}
