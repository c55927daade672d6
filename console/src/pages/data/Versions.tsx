import { DeleteObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import Badge from '@cloudscape-design/components/badge';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';

import { notify } from '../../app/flashes';
import { s3 } from '../../aws/s3';
import { usePolled } from '../../aws/usePolled';
import { byteText } from '../../parts/numbers';
import { Confirm } from '../../parts/Confirm';
import { Loaded } from '../../parts/Loading';
import { PageLink } from '../../parts/PageLink';
import { objectPath } from '../../parts/s3';
import { Time } from '../../parts/Time';
import { download } from './download';

interface Version {
  id: string;
  size?: number; // none: a delete marker
  modified?: Date;
  latest: boolean;
}

async function versionsOf(bucket: string, path: string, signal: AbortSignal): Promise<Version[]> {
  const found: Version[] = [];
  const answer = await s3().send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: path, MaxKeys: 1000 }), { abortSignal: signal });
  for (const one of answer.Versions ?? []) {
    if (one.Key === path) found.push({ id: one.VersionId!, size: one.Size ?? 0, modified: one.LastModified, latest: one.IsLatest ?? false });
  }
  for (const one of answer.DeleteMarkers ?? []) {
    if (one.Key === path) found.push({ id: one.VersionId!, modified: one.LastModified, latest: one.IsLatest ?? false });
  }
  return found.sort((a, b) => (b.modified?.getTime() ?? 0) - (a.modified?.getTime() ?? 0));
}

export function Versions({ bucket, path }: { bucket: string; path: string }) {
  const [deleting, setDeleting] = useState<Version>();
  const versions = usePolled(signal => versionsOf(bucket, path, signal), [bucket, path], { every: 30_000 });
  const get = (id: string) => {
    download(bucket, path, id).catch((error: unknown) => notify('error', String(error)));
  };
  const remove = async (id: string) => {
    await s3().send(new DeleteObjectCommand({ Bucket: bucket, Key: path, VersionId: id }));
    await versions.refresh();
  };
  return (
    <Loaded of={versions} doing="Versions">
      {known => (
        <>
        <Table<Version>
          items={known}
          trackBy="id"
          wrapLines
          header={<Header variant="h2" counter={`(${known.length})`}>Versions</Header>}
          ariaLabels={{ tableLabel: 'Versions' }}
          empty="The bucket keeps no versions of it."
          columnDefinitions={[
            {
              id: 'id',
              header: 'Version',
              isRowHeader: true,
              cell: one => (
                <SpaceBetween direction="horizontal" size="xs">
                  {one.size === undefined ? one.id : <PageLink to={`${objectPath(bucket, path)}&version=${encodeURIComponent(one.id)}`}>{one.id}</PageLink>}
                  {one.latest && <Badge color="green">newest</Badge>}
                  {one.size === undefined && <Badge>deleted here</Badge>}
                </SpaceBetween>
              ),
            },
            { id: 'modified', header: 'Modified', cell: one => <Time at={one.modified} /> },
            { id: 'size', header: 'Size', cell: one => (one.size === undefined ? '–' : byteText(one.size)) },
            {
              id: 'actions',
              header: 'Actions',
              cell: one => (
                <SpaceBetween direction="horizontal" size="xs">
                  {one.size !== undefined && <Button variant="inline-link" ariaLabel={`Download version ${one.id}`} onClick={() => get(one.id)}>Download</Button>}
                  <Button variant="inline-link" ariaLabel={`Delete version ${one.id}`} onClick={() => setDeleting(one)}>Delete</Button>
                </SpaceBetween>
              ),
            },
          ]}
        />
        {deleting && (
          <Confirm title="Delete this version?" verb="Delete" type="delete" act={() => remove(deleting.id)} close={() => setDeleting(undefined)}>
            {deleting.size === undefined ? 'Without this mark the version before it is the newest again.' : 'This version cannot be brought back.'}
          </Confirm>
        )}
        </>
      )}
    </Loaded>
  );
}
