import Box from '@cloudscape-design/components/box';

import { notify } from '../../app/flashes';
import { counted } from '../../parts/words';
import { deleteKeys, deletePrefix } from './buckets';
import { DeleteMany } from './DeleteMany';
import type { Item } from './items';

function wordFor(items: Item[]): { title: string; type: string } {
  const only = items.length === 1 ? items[0]! : undefined;
  if (!only) return { title: `Delete ${counted(items.length, 'chosen thing')}?`, type: 'delete' };
  const name = only.key.replace(/\/$/, '').split('/').pop()!;
  return only.kind === 'folder'
    ? { title: `Delete the folder ${only.key} with all that is in it?`, type: name }
    : { title: `Delete ${only.key}?`, type: 'delete' };
}

export function DeleteItems(props: { bucket: string; items: Item[]; deleted: () => void; close: () => void }) {
  const { bucket, items } = props;
  const folders = items.filter(item => item.kind === 'folder').map(item => item.key);
  const objects = items.filter(item => item.kind === 'object');
  const act = async (progress: (deleted: number) => void, signal: AbortSignal) => {
    await deleteKeys(bucket, objects.map(item => item.key), signal);
    let before = objects.length;
    for (const prefix of folders) before += await deletePrefix(bucket, prefix, now => progress(before + now), signal);
    notify('success', `${counted(before, 'object')} deleted from ${bucket}.`);
    props.deleted();
  };
  return (
    <DeleteMany
      bucket={bucket}
      prefixes={folders}
      objects={{ count: objects.length, bytes: objects.reduce((sum, item) => sum + item.size, 0) }}
      {...wordFor(items)}
      act={act}
      close={props.close}
    >
      <Box>In a bucket that keeps versions, older ones stay and go on taking room.</Box>
    </DeleteMany>
  );
}
