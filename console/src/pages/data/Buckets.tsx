import { type Bucket, DeleteBucketCommand, ListBucketsCommand } from '@aws-sdk/client-s3';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';

import { notify } from '../../app/flashes';
import { s3 } from '../../aws/s3';
import { PageLink } from '../../parts/PageLink';
import { type Ask, type Column, ResourceTable } from '../../parts/ResourceTable';
import { folderPath } from '../../parts/s3';
import { Time } from '../../parts/Time';
import { emptyBucket } from './buckets';
import { CreateBucket } from './CreateBucket';
import { DeleteMany } from './DeleteMany';

const FILTERS = [{ name: 'name', label: 'Find by the beginning of the name' }];
const COLUMNS: Column<Bucket>[] = [
  { id: 'name', header: 'Name', cell: bucket => <PageLink to={folderPath(bucket.Name!)}>{bucket.Name}</PageLink> },
  { id: 'region', header: 'Region', cell: bucket => bucket.BucketRegion ?? '–' },
  { id: 'created', header: 'Created', cell: bucket => <Time at={bucket.CreationDate} /> },
];

async function load({ token, filters, signal }: Ask) {
  const answer = await s3().send(new ListBucketsCommand({ MaxBuckets: 50, ContinuationToken: token, Prefix: filters.name || undefined }), { abortSignal: signal });
  return { items: answer.Buckets ?? [], next: answer.ContinuationToken };
}

async function remove(bucket: string, progress: (deleted: number) => void, signal: AbortSignal) {
  await emptyBucket(bucket, progress, signal);
  await s3().send(new DeleteBucketCommand({ Bucket: bucket }));
  notify('success', `Bucket ${bucket} was deleted.`);
}

function Empty({ create }: { create: () => void }) {
  return (
    <SpaceBetween size="s" alignItems="center">
      <Box variant="strong">No buckets yet</Box>
      <Box color="text-body-secondary">Data for training, models and results live in S3 buckets.</Box>
      <Button onClick={create}>Create a bucket</Button>
    </SpaceBetween>
  );
}

export default function Buckets() {
  const [version, setVersion] = useState(0);
  const [selected, setSelected] = useState<Bucket[]>([]);
  const [creating, setCreating] = useState(false);
  const [deleting, setDeleting] = useState<string>();
  const chosen = selected.length === 1 ? selected[0]!.Name : undefined;
  const changed = () => {
    setSelected([]);
    setVersion(count => count + 1);
  };
  return (
    <>
      <ResourceTable
        title="Data"
        describe="S3 buckets"
        columns={COLUMNS}
        id={bucket => bucket.Name!}
        load={load}
        filters={FILTERS}
        keys={[version]}
        selected={selected}
        select={setSelected}
        every={15_000}
        empty={<Empty create={() => setCreating(true)} />}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button disabled={!chosen} onClick={() => setDeleting(chosen)}>
              Delete
            </Button>
            <Button variant="primary" onClick={() => setCreating(true)}>
              Create a bucket
            </Button>
          </SpaceBetween>
        }
      />
      {creating && (
        <CreateBucket
          close={made => {
            setCreating(false);
            if (made) changed();
          }}
        />
      )}
      {deleting && (
        <DeleteMany
          bucket={deleting}
          prefixes={['']}
          title={`Delete the bucket ${deleting}?`}
          type={deleting}
          act={async (progress, signal) => {
            await remove(deleting, progress, signal);
            changed();
          }}
          close={() => setDeleting(undefined)}
        >
          <Box>Older versions of objects and unfinished uploads go with it.</Box>
        </DeleteMany>
      )}
    </>
  );
}
