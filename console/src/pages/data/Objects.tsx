import Button from '@cloudscape-design/components/button';
import ButtonDropdown from '@cloudscape-design/components/button-dropdown';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useParams } from 'react-router';

import { notify } from '../../app/flashes';
import { useQuery } from '../../app/navigation';
import { useStore } from '../../app/store';
import { counted } from '../../parts/words';
import { CopyText } from '../../parts/CopyText';
import { ResourceTable } from '../../parts/ResourceTable';
import { s3Uri } from '../../parts/s3';
import { BucketSettings } from './BucketSettings';
import { CreateFolder } from './CreateFolder';
import { DeleteItems } from './DeleteItems';
import { download } from './download';
import { COLUMNS, EmptyFolder, type Item, listItems } from './items';
import { Trail } from './Trail';
import { DropArea } from './upload/DropArea';
import { Unfinished } from './upload/Unfinished';
import { UploadPanel } from './upload/UploadPanel';
import { arrived, keyed, upload } from './upload/uploads';

const FILTERS = [{ name: 'find', label: 'Find by the beginning of the name' }];

// Files chosen with the system's dialog.
function useChooser(chosen: (files: File[]) => void) {
  const input = useRef<HTMLInputElement>(null);
  const element = (
    <input
      ref={input}
      type="file"
      multiple
      hidden
      data-testid="files"
      aria-label="Files to upload"
      onChange={event => {
        chosen([...(event.target.files ?? [])]);
        event.target.value = ''; // so that the same file can be chosen again
      }}
    />
  );
  return { element, open: () => input.current?.click() };
}

async function copyUris(bucket: string, items: Item[]) {
  const text = items.map(item => s3Uri(bucket, item.key)).join('\n');
  try {
    await navigator.clipboard.writeText(text);
    notify('success', `Copied ${items.length === 1 ? text : counted(items.length, 'S3 URI')}.`);
  } catch {
    notify('error', 'The browser did not allow it.');
  }
}

function Folder({ bucket, prefix }: { bucket: string; prefix: string }) {
  const [version, setVersion] = useState(0);
  const [selected, setSelected] = useState<Item[]>([]);
  const [dialog, setDialog] = useState<'' | 'folder' | 'delete'>('');
  const landed = useStore(arrived);
  const send = useCallback((files: { key: string; file: File }[]) => upload(bucket, files), [bucket]);
  const chooser = useChooser(files => send(keyed(prefix, files)));
  useEffect(() => setSelected([]), [bucket, prefix]);
  const one = selected.length === 1 && selected[0]!.kind === 'object' ? selected[0] : undefined;
  const changed = () => {
    setSelected([]);
    setVersion(count => count + 1);
  };
  const get = () => {
    if (one) download(bucket, one.key).catch((error: unknown) => notify('error', String(error)));
  };
  return (
    <SpaceBetween size="l">
      <UploadPanel />
      <DropArea send={send} prefix={prefix}>
        {chooser.element}
        <ResourceTable<Item>
          title="Objects"
          variant="container"
          columns={COLUMNS(bucket, prefix)}
          id={item => item.key}
          load={ask => listItems(bucket, prefix, ask)}
          filters={FILTERS}
          keys={[bucket, prefix, version, landed]}
          selected={selected}
          select={setSelected}
          every={15_000}
          empty={<EmptyFolder prefix={prefix} open={chooser.open} />}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <ButtonDropdown
                items={[
                  { id: 'copy', text: 'Copy S3 URI', disabled: selected.length === 0 },
                  { id: 'download', text: 'Download', disabled: !one },
                  { id: 'delete', text: 'Delete', disabled: selected.length === 0 },
                ]}
                onItemClick={({ detail }) => {
                  if (detail.id === 'copy') void copyUris(bucket, selected);
                  else if (detail.id === 'download') get();
                  else setDialog('delete');
                }}
              >
                Actions
              </ButtonDropdown>
              <Button onClick={() => setDialog('folder')}>Create a folder</Button>
              <Button variant="primary" iconName="upload" onClick={chooser.open}>
                Upload
              </Button>
            </SpaceBetween>
          }
        />
      </DropArea>
      <Unfinished bucket={bucket} prefix={prefix} />
      {dialog === 'delete' && (
        <DeleteItems bucket={bucket} items={selected} deleted={changed} close={() => setDialog('')} />
      )}
      {dialog === 'folder' && <CreateFolder bucket={bucket} prefix={prefix} made={changed} close={() => setDialog('')} />}
    </SpaceBetween>
  );
}

export default function Objects() {
  const bucket = useParams().bucket!;
  const [prefix] = useQuery('prefix');
  const [tab, setTab] = useQuery('tab', 'objects');
  return (
    <SpaceBetween size="m">
      <Header variant="h1" description={<CopyText text={s3Uri(bucket, prefix)} what="S3 URI" />}>
        {bucket}
      </Header>
      {prefix !== '' && tab === 'objects' && <Trail bucket={bucket} prefix={prefix} />}
      <Tabs
        ariaLabel="Of this bucket"
        activeTabId={tab}
        onChange={({ detail }) => setTab(detail.activeTabId)}
        tabs={[
          { id: 'objects', label: 'Objects', content: <Folder bucket={bucket} prefix={prefix} /> },
          { id: 'settings', label: 'Settings', content: tab === 'settings' ? <BucketSettings bucket={bucket} /> : null },
        ]}
      />
    </SpaceBetween>
  );
}
