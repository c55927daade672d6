import {
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  NoSuchUpload,
  type Part,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

import { problemOf } from '../../../aws/errors';
import { s3 } from '../../../aws/s3';
import { crc32Between } from './crc32';

// Sends one file to S3. A large one goes in parts that the server keeps until the upload is
// completed: an upload of the same key that was begun before is found again, and a part of it is
// kept when its size and checksum are those of this file's.

export const SINGLE_BYTES = 16 << 20; // up to this size in one request
const PART_BYTES = 8 << 20;
const MOST_PARTS = 10_000;
const AT_ONCE = 4;

export interface Target {
  bucket: string;
  key: string;
  file: File;
}

export interface Watcher {
  signal: AbortSignal;
  sent: (bytes: number) => void; // so far, of the file
  resumed?: (bytes: number) => void; // that were there already
}

// The same for each file of a size, so that parts sent before fit.
export function partBytes(size: number): number {
  let bytes = PART_BYTES;
  while (Math.ceil(size / bytes) > MOST_PARTS) bytes *= 2;
  return bytes;
}

function base64OfCrc(crc: number): string {
  return btoa(String.fromCharCode(crc >>> 24, (crc >>> 16) & 255, (crc >>> 8) & 255, crc & 255));
}

async function checksumOf(data: Uint8Array): Promise<string> {
  return base64OfCrc(await crc32Between(data));
}

const pause = (milliseconds: number, signal: AbortSignal) =>
  new Promise<void>((done, failed) => {
    const timer = window.setTimeout(done, milliseconds);
    signal.addEventListener('abort', () => {
      window.clearTimeout(timer);
      failed(signal.reason as Error);
    });
  });

// A server that restarts, or a network that comes and goes, does not end an upload of an hour.
async function lasting<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let failures = 0; ; ++failures) {
    try {
      return await act();
    } catch (thrown) {
      const { kind } = problemOf(thrown);
      if (signal.aborted || failures >= 8 || (kind !== 'unreachable' && kind !== 'busy')) throw thrown;
      await pause(Math.min(500 * 2 ** failures, 15_000), signal);
    }
  }
}

async function bytesOf(file: File, from: number, to: number): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(from, to).arrayBuffer());
}

async function sendWhole({ bucket, key, file }: Target, { signal, sent }: Watcher) {
  const body = await bytesOf(file, 0, file.size);
  const checksum = await checksumOf(body);
  await lasting(
    () =>
      s3().send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: file.type || undefined, ChecksumCRC32: checksum }),
        { abortSignal: signal }
      ),
    signal
  );
  sent(file.size);
}

async function partsOf(bucket: string, key: string, uploadId: string, signal: AbortSignal): Promise<Part[]> {
  const parts: Part[] = [];
  let marker: string | undefined;
  do {
    const answer = await s3().send(new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: uploadId, PartNumberMarker: marker }), { abortSignal: signal });
    parts.push(...(answer.Parts ?? []));
    marker = answer.IsTruncated ? answer.NextPartNumberMarker : undefined;
  } while (marker);
  return parts;
}

// The newest upload of this key whose parts have checksums to compare, with its parts.
async function begun({ bucket, key }: Target, signal: AbortSignal): Promise<{ id: string; parts: Part[] } | undefined> {
  const answer = await s3().send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key }), { abortSignal: signal });
  const found = (answer.Uploads ?? [])
    .filter(upload => upload.Key === key && upload.ChecksumAlgorithm === 'CRC32')
    .sort((a, b) => (b.Initiated?.getTime() ?? 0) - (a.Initiated?.getTime() ?? 0))[0];
  if (!found?.UploadId) return undefined;
  try {
    return { id: found.UploadId, parts: await partsOf(bucket, key, found.UploadId, signal) };
  } catch (thrown) {
    if (thrown instanceof NoSuchUpload) return undefined;
    throw thrown;
  }
}

async function open(target: Target, signal: AbortSignal) {
  const before = await begun(target, signal);
  if (before) return before;
  const { bucket, key, file } = target;
  const made = await s3().send(
    new CreateMultipartUploadCommand({ Bucket: bucket, Key: key, ContentType: file.type || undefined, ChecksumAlgorithm: 'CRC32' }),
    { abortSignal: signal }
  );
  return { id: made.UploadId!, parts: [] };
}

async function sendParts(target: Target, watcher: Watcher) {
  const { bucket, key, file } = target;
  const { signal } = watcher;
  const upload = await lasting(() => open(target, signal), signal);
  const known = new Map(upload.parts.map(part => [part.PartNumber!, part]));
  const size = partBytes(file.size);
  const count = Math.ceil(file.size / size);
  const done: CompletedPart[] = [];
  let sent = 0;
  let resumed = 0;
  const one = async (number: number) => {
    const from = (number - 1) * size;
    const data = await bytesOf(file, from, Math.min(from + size, file.size));
    const checksum = await checksumOf(data);
    const there = known.get(number);
    if (there?.Size === data.length && there.ChecksumCRC32 === checksum) {
      done.push({ PartNumber: number, ETag: there.ETag, ChecksumCRC32: checksum });
      resumed += data.length;
      watcher.resumed?.(resumed);
    } else {
      const command = () =>
        s3().send(
          new UploadPartCommand({ Bucket: bucket, Key: key, UploadId: upload.id, PartNumber: number, Body: data, ChecksumCRC32: checksum }),
          { abortSignal: signal }
        );
      const answer = await lasting(command, signal);
      done.push({ PartNumber: number, ETag: answer.ETag, ChecksumCRC32: checksum });
    }
    sent += data.length;
    watcher.sent(sent);
  };
  let next = 1;
  const worker = async () => {
    while (next <= count) {
      signal.throwIfAborted();
      await one(next++);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, worker));
  done.sort((a, b) => a.PartNumber! - b.PartNumber!);
  await lasting(
    () =>
      s3().send(new CompleteMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: upload.id, MultipartUpload: { Parts: done } }), {
        abortSignal: signal,
      }),
    signal
  );
}

export async function sendFile(target: Target, watcher: Watcher): Promise<void> {
  if (target.file.size <= SINGLE_BYTES) await sendWhole(target, watcher);
  else await sendParts(target, watcher);
}
