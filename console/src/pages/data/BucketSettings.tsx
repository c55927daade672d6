import {
  GetBucketEncryptionCommand,
  GetBucketLocationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import { useState } from 'react';

import { s3 } from '../../aws/s3';
import { usePolled } from '../../aws/usePolled';
import { Confirm } from '../../parts/Confirm';
import { Loaded } from '../../parts/Loading';

// A setting that was never made is an error of its own in S3.
async function unless<T>(missing: RegExp, ask: Promise<T>): Promise<T | undefined> {
  try {
    return await ask;
  } catch (thrown) {
    if (missing.test((thrown as { name?: string }).name ?? '')) return undefined;
    throw thrown;
  }
}

async function settingsOf(bucket: string, signal: AbortSignal) {
  const of = { Bucket: bucket };
  const options = { abortSignal: signal };
  const [versioning, location, encryption, tags, lock] = await Promise.all([
    s3().send(new GetBucketVersioningCommand(of), options),
    s3().send(new GetBucketLocationCommand(of), options),
    unless(/ServerSideEncryptionConfigurationNotFound/, s3().send(new GetBucketEncryptionCommand(of), options)),
    unless(/NoSuchTagSet/, s3().send(new GetBucketTaggingCommand(of), options)),
    unless(/ObjectLockConfigurationNotFound/, s3().send(new GetObjectLockConfigurationCommand(of), options)),
  ]);
  const rule = encryption?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
  return {
    versioning: versioning.Status ?? 'Never enabled',
    region: location.LocationConstraint ?? 'us-east-1',
    encryption: rule ? [rule.SSEAlgorithm, rule.KMSMasterKeyID].filter(Boolean).join(', ') : 'None of its own',
    tags: (tags?.TagSet ?? []).map(tag => `${tag.Key} = ${tag.Value}`),
    lock: lock?.ObjectLockConfiguration?.ObjectLockEnabled ?? 'Disabled',
  };
}

export function BucketSettings({ bucket }: { bucket: string }) {
  const [asking, setAsking] = useState(false);
  const settings = usePolled(signal => settingsOf(bucket, signal), [bucket], { every: 30_000 });
  const enabled = settings.data?.versioning === 'Enabled';
  const change = async () => {
    await s3().send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: enabled ? 'Suspended' : 'Enabled' } }));
    await settings.refresh();
  };
  return (
    <Container
      header={
        <Header variant="h2" actions={<Button disabled={!settings.data} onClick={() => setAsking(true)}>{enabled ? 'Keep no more versions' : 'Keep versions'}</Button>}>
          Settings
        </Header>
      }
    >
      <Loaded of={settings}>
        {known => (
          <KeyValuePairs
            columns={3}
            items={[
              { label: 'Region', value: known.region },
              { label: 'Versioning', value: known.versioning },
              { label: 'Default encryption', value: known.encryption },
              { label: 'Object lock', value: known.lock },
              { label: 'Tags', value: known.tags.length ? known.tags.join(', ') : 'None' },
            ]}
          />
        )}
      </Loaded>
      {asking && (
        <Confirm title={enabled ? 'Keep no more versions?' : 'Keep versions from now on?'} verb={enabled ? 'Suspend' : 'Enable'} act={change} close={() => setAsking(false)}>
          {enabled
            ? 'Versions that exist stay. From now on what is overwritten or deleted is gone.'
            : 'From now on what is overwritten or deleted can be brought back, and takes room.'}
        </Confirm>
      )}
    </Container>
  );
}
