import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, type MultipartUpload } from '@aws-sdk/client-s3';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';

import { useStore } from '../../../app/store';
import { s3 } from '../../../aws/s3';
import { usePolled } from '../../../aws/usePolled';
import { counted } from '../../../parts/words';
import { Confirm } from '../../../parts/Confirm';
import { Time } from '../../../parts/Time';
import { uploads } from './uploads';

// Uploads in parts that nobody has completed, below a prefix. Choosing the same file again goes on
// with them. Says nothing when there are none, or when they may not be listed.
export function Unfinished({ bucket, prefix }: { bucket: string; prefix: string }) {
  const [removing, setRemoving] = useState<MultipartUpload>();
  const mine = useStore(uploads);
  const found = usePolled(
    signal => s3().send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, MaxUploads: 50 }), { abortSignal: signal }),
    [bucket, prefix],
    { every: 15_000 }
  );
  const sending = new Set(mine.filter(one => one.bucket === bucket && one.state !== 'done').map(one => one.key));
  const left = (found.data?.Uploads ?? []).filter(one => !sending.has(one.Key!));
  if (left.length === 0) return null;
  const remove = async ({ Key, UploadId }: MultipartUpload) => {
    await s3().send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: Key!, UploadId: UploadId! }));
    await found.refresh();
  };
  return (
    <ExpandableSection headerText={counted(left.length, 'unfinished upload')}>
      <SpaceBetween size="s">
        <Box color="text-body-secondary">Upload the same file to the same place to go on with one: only what is missing is sent.</Box>
        <Table
          variant="embedded"
          items={left}
          trackBy="UploadId"
          ariaLabels={{ tableLabel: 'Unfinished uploads' }}
          wrapLines
          columnDefinitions={[
            { id: 'key', header: 'Key', isRowHeader: true, cell: one => one.Key },
            { id: 'began', header: 'Begun', cell: one => <Time at={one.Initiated} /> },
            {
              id: 'remove',
              header: 'Remove',
              cell: one => (
                <Button variant="inline-link" ariaLabel={`Remove the unfinished upload of ${one.Key}`} onClick={() => setRemoving(one)}>
                  Remove
                </Button>
              ),
            },
          ]}
        />
      </SpaceBetween>
      {removing && (
        <Confirm title={`Remove the unfinished upload of ${removing.Key}?`} verb="Remove" act={() => remove(removing)} close={() => setRemoving(undefined)}>
          The parts that were sent are deleted.
        </Confirm>
      )}
    </ExpandableSection>
  );
}
