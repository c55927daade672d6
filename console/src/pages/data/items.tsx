import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Icon from '@cloudscape-design/components/icon';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { s3 } from '../../aws/s3';
import { byteText } from '../../parts/numbers';
import { PageLink } from '../../parts/PageLink';
import type { Ask, Column, PageOf } from '../../parts/ResourceTable';
import { folderPath, objectPath } from '../../parts/s3';
import { Time } from '../../parts/Time';

// What a folder of the browser shows: keys up to the next "/", and prefixes that go on.
export type Item =
  | { kind: 'folder'; key: string }
  | { kind: 'object'; key: string; size: number; modified?: Date; storage?: string };

const PAGE = 50;

export async function listItems(bucket: string, prefix: string, { token, filters, signal }: Ask): Promise<PageOf<Item>> {
  const answer = await s3().send(
    new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix + (filters.find ?? ''),
      Delimiter: '/',
      MaxKeys: PAGE,
      ContinuationToken: token,
    }),
    { abortSignal: signal }
  );
  const folders = (answer.CommonPrefixes ?? []).map((one): Item => ({ kind: 'folder', key: one.Prefix! }));
  const objects = (answer.Contents ?? [])
    .filter(one => one.Key !== prefix) // the mark of the folder itself
    .map((one): Item => ({ kind: 'object', key: one.Key!, size: one.Size ?? 0, modified: one.LastModified, storage: one.StorageClass }));
  return { items: [...folders, ...objects], next: answer.NextContinuationToken };
}

function nameOf(item: Item, prefix: string): string {
  return item.key.slice(prefix.length) || '/';
}

export function COLUMNS(bucket: string, prefix: string): Column<Item>[] {
  return [
    {
      id: 'name',
      header: 'Name',
      cell: item => (
        <SpaceBetween direction="horizontal" size="xs">
          <Icon name={item.kind === 'folder' ? 'folder' : 'file'} />
          <PageLink to={item.kind === 'folder' ? folderPath(bucket, item.key) : objectPath(bucket, item.key)}>{nameOf(item, prefix)}</PageLink>
        </SpaceBetween>
      ),
    },
    { id: 'size', header: 'Size', cell: item => (item.kind === 'object' ? byteText(item.size) : '–') },
    { id: 'modified', header: 'Modified', cell: item => (item.kind === 'object' ? <Time at={item.modified} /> : '–') },
    { id: 'storage', header: 'Storage class', cell: item => (item.kind === 'object' ? (item.storage ?? 'STANDARD') : '–') },
  ];
}

export function EmptyFolder({ prefix, open }: { prefix: string; open: () => void }) {
  return (
    <SpaceBetween size="s" alignItems="center">
      <Box variant="strong">{prefix ? 'Nothing is in this folder' : 'This bucket is empty'}</Box>
      <Box color="text-body-secondary">Drop files or folders here, or choose them.</Box>
      <Button iconName="upload" onClick={open}>
        Choose files
      </Button>
    </SpaceBetween>
  );
}
