import { HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useParams } from 'react-router';

import { notify } from '../../app/flashes';
import { useNavigate, useQuery } from '../../app/navigation';
import { s3 } from '../../aws/s3';
import { usePolled } from '../../aws/usePolled';
import { byteText } from '../../parts/numbers';
import { Confirm } from '../../parts/Confirm';
import { CopyText } from '../../parts/CopyText';
import { Loaded } from '../../parts/Loading';
import { folderPath, s3Uri } from '../../parts/s3';
import { Time } from '../../parts/Time';
import { deleteKeys } from './buckets';
import { download } from './download';
import { Preview } from './preview/Preview';
import { Tags } from './Tags';
import { Trail } from './Trail';
import { Versions } from './Versions';

function encryption(head: HeadObjectCommandOutput): string {
  if (head.SSECustomerAlgorithm) return `${head.SSECustomerAlgorithm} with the client's own key`;
  if (!head.ServerSideEncryption) return 'None';
  return [head.ServerSideEncryption, head.SSEKMSKeyId].filter(Boolean).join(', ');
}

function Details({ bucket, path, head }: { bucket: string; path: string; head: HeadObjectCommandOutput }) {
  const metadata = Object.entries(head.Metadata ?? {}).map(([name, value]) => `${name} = ${value}`);
  return (
    <Container header={<Header variant="h2">Details</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: 'S3 URI', value: <CopyText text={s3Uri(bucket, path)} what="S3 URI" /> },
          { label: 'ARN', value: <CopyText text={`arn:aws:s3:::${bucket}/${path}`} what="ARN" /> },
          { label: 'Size', value: `${byteText(head.ContentLength ?? 0)} (${(head.ContentLength ?? 0).toLocaleString('en')} bytes)` },
          { label: 'Modified', value: <Time at={head.LastModified} /> },
          { label: 'Content type', value: head.ContentType ?? '–' },
          { label: 'Encryption', value: encryption(head) },
          { label: 'Storage class', value: head.StorageClass ?? 'STANDARD' },
          { label: 'ETag', value: <CopyText text={head.ETag?.replaceAll('"', '')} what="ETag" /> },
          { label: 'Version', value: <CopyText text={head.VersionId} what="version" /> },
          { label: 'Locked', value: head.ObjectLockMode ? `${head.ObjectLockMode} until ${head.ObjectLockRetainUntilDate?.toISOString() ?? ''}` : 'No' },
          { label: 'Metadata', value: metadata.length ? metadata.join(', ') : 'None' },
        ]}
      />
    </Container>
  );
}

export default function ObjectPage() {
  const bucket = useParams().bucket!;
  const [path] = useQuery('key');
  const [version] = useQuery('version');
  const [tab, setTab] = useQuery('tab', 'preview');
  const [deleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  const versionId = version || undefined;
  const head = usePolled(
    signal => s3().send(new HeadObjectCommand({ Bucket: bucket, Key: path, VersionId: versionId }), { abortSignal: signal }),
    [bucket, path, version],
    { every: 30_000 }
  );
  const prefix = path.slice(0, path.lastIndexOf('/') + 1);
  const name = path.slice(prefix.length) || path;
  const remove = async () => {
    await deleteKeys(bucket, [path], new AbortController().signal);
    notify('success', `${path} was deleted.`);
    void navigate(folderPath(bucket, prefix));
  };
  const get = () => {
    download(bucket, path, versionId).catch((error: unknown) => notify('error', String(error)));
  };
  return (
    <SpaceBetween size="m">
      <Header
        variant="h1"
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="download" disabled={!head.data} onClick={get}>
              Download
            </Button>
            <Button disabled={!head.data || version !== ''} onClick={() => setDeleting(true)}>
              Delete
            </Button>
          </SpaceBetween>
        }
      >
        {name}
      </Header>
      <Trail bucket={bucket} prefix={prefix} last={name} />
      {version !== '' && <Alert type="info" statusIconAriaLabel="Information">This is the version {version}, which need not be the newest.</Alert>}
      <Loaded of={head} doing={name}>
        {known => (
          <Tabs
            ariaLabel="Of this object"
            activeTabId={tab}
            onChange={({ detail }) => setTab(detail.activeTabId)}
            tabs={[
              {
                id: 'preview',
                label: 'Preview',
                content: tab === 'preview' && (
                  <Container>
                    <Preview thing={{ bucket, key: path, versionId, size: known.ContentLength ?? 0, type: known.ContentType }} />
                  </Container>
                ),
              },
              { id: 'details', label: 'Details', content: tab === 'details' && <Details bucket={bucket} path={path} head={known} /> },
              { id: 'versions', label: 'Versions', content: tab === 'versions' && <Versions bucket={bucket} path={path} /> },
              { id: 'tags', label: 'Tags', content: tab === 'tags' && <Tags bucket={bucket} path={path} versionId={versionId} /> },
            ]}
          />
        )}
      </Loaded>
      {deleting && (
        <Confirm title={`Delete ${name}?`} verb="Delete" act={remove} close={() => setDeleting(false)}>
          It is gone for good, unless the bucket keeps versions.
        </Confirm>
      )}
    </SpaceBetween>
  );
}
