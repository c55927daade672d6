import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

import { s3 } from '../../aws/s3';

const SECONDS = 15 * 60;

function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name)}`;
}

// An address that gives the object to whoever has it, for a while; always as a file to save, never as
// a page, since pages of this address could speak for whoever is signed in.
export async function downloadUrl(bucket: string, key: string, versionId?: string): Promise<string> {
  const name = key.split('/').filter(Boolean).pop() ?? 'object';
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key: key,
    VersionId: versionId,
    ResponseContentDisposition: attachment(name),
    ResponseContentType: 'application/octet-stream',
  });
  return getSignedUrl(s3(), command, { expiresIn: SECONDS });
}

// The browser saves it by itself: nothing of it is held in memory.
export async function download(bucket: string, key: string, versionId?: string) {
  const link = document.createElement('a');
  link.href = await downloadUrl(bucket, key, versionId);
  link.download = '';
  link.click();
}
