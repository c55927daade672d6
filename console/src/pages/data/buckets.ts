import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ObjectIdentifier,
} from '@aws-sdk/client-s3';

import { s3 } from '../../aws/s3';

// Deleting many objects: counted first, then page by page, telling how far it is.

export interface Count {
  objects: number;
  bytes: number;
  done: boolean; // everything was counted
}

export type Progress = (so: Count) => void;

const BATCH = 1000;

// What a prefix holds ("": the whole bucket), current objects only.
export async function countObjects(bucket: string, prefix: string, progress: Progress, signal: AbortSignal): Promise<Count> {
  let token: string | undefined;
  const count: Count = { objects: 0, bytes: 0, done: false };
  do {
    const answer = await s3().send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }), { abortSignal: signal });
    for (const object of answer.Contents ?? []) {
      count.objects += 1;
      count.bytes += object.Size ?? 0;
    }
    token = answer.NextContinuationToken;
    count.done = token === undefined;
    progress({ ...count });
  } while (token);
  return count;
}

async function removeBatch(bucket: string, batch: ObjectIdentifier[], signal: AbortSignal) {
  if (batch.length === 0) return;
  const answer = await s3().send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: batch, Quiet: true } }), { abortSignal: signal });
  const fault = answer.Errors?.[0];
  if (fault) {
    const more = answer.Errors!.length > 1 ? ` (and ${answer.Errors!.length - 1} more)` : '';
    throw Object.assign(new Error(`${fault.Key}: ${fault.Message}${more}`), { name: fault.Code ?? 'Error', $metadata: {} });
  }
}

export async function deleteKeys(bucket: string, keys: string[], signal: AbortSignal) {
  for (let at = 0; at < keys.length; at += BATCH) {
    await removeBatch(bucket, keys.slice(at, at + BATCH).map(Key => ({ Key })), signal);
  }
}

export async function deletePrefix(bucket: string, prefix: string, progress: (deleted: number) => void, signal: AbortSignal): Promise<number> {
  let deleted = 0;
  for (;;) {
    // What was listed is gone afterwards, so the first page is always the next one.
    const answer = await s3().send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: BATCH }), { abortSignal: signal });
    const keys = (answer.Contents ?? []).map(object => object.Key!);
    if (keys.length === 0) return deleted;
    await deleteKeys(bucket, keys, signal);
    deleted += keys.length;
    progress(deleted);
    if (!answer.IsTruncated) return deleted;
  }
}

// Every version, delete marker and unfinished upload too: a bucket is deleted only when it has none.
export async function emptyBucket(bucket: string, progress: (deleted: number) => void, signal: AbortSignal) {
  let deleted = 0;
  for (;;) {
    const answer = await s3().send(new ListObjectVersionsCommand({ Bucket: bucket, MaxKeys: BATCH }), { abortSignal: signal });
    const batch = [...(answer.Versions ?? []), ...(answer.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (batch.length === 0) break;
    await removeBatch(bucket, batch as ObjectIdentifier[], signal);
    deleted += batch.length;
    progress(deleted);
  }
  const uploads = await s3().send(new ListMultipartUploadsCommand({ Bucket: bucket }), { abortSignal: signal });
  for (const { Key, UploadId } of uploads.Uploads ?? []) {
    await s3().send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: Key!, UploadId: UploadId! }), { abortSignal: signal });
  }
}
