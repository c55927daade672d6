import { ListBucketsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import Autosuggest from '@cloudscape-design/components/autosuggest';

import { s3 } from '../aws/s3';
import { usePolled } from '../aws/usePolled';

const MOST = 100; // suggestions

// What could come next in a path: buckets, then folders and objects.
async function suggestions(typed: string, signal: AbortSignal): Promise<string[]> {
  const match = /^s3:\/\/([^/]+)\/(.*)$/.exec(typed);
  if (!match) {
    const answer = await s3().send(new ListBucketsCommand({}), { abortSignal: signal });
    return (answer.Buckets ?? []).map(bucket => `s3://${bucket.Name}/`);
  }
  const [, bucket, key] = match;
  const folder = key!.replace(/[^/]*$/, '');
  const answer = await s3().send(
    new ListObjectsV2Command({ Bucket: bucket, Prefix: folder, Delimiter: '/', MaxKeys: MOST }),
    { abortSignal: signal }
  );
  return [
    ...(answer.CommonPrefixes ?? []).map(one => one.Prefix!),
    ...(answer.Contents ?? []).map(one => one.Key!).filter(name => name !== folder),
  ].map(name => `s3://${bucket}/${name}`);
}

// An s3:// path, completed as it is typed.
export function S3Input({ value, change, label, placeholder = 's3://bucket/folder/' }: { value: string; change: (uri: string) => void; label: string; placeholder?: string }) {
  const place = value.replace(/[^/]*$/, '');
  const found = usePolled(signal => suggestions(place, signal), [place], { every: 0 });
  return (
    <Autosuggest
      value={value}
      onChange={({ detail }) => change(detail.value)}
      options={(found.data ?? []).map(uri => ({ value: uri }))}
      statusType={found.loading ? 'loading' : 'finished'}
      loadingText="Looking"
      enteredTextLabel={text => `Use "${text}"`}
      placeholder={placeholder}
      ariaLabel={label}
      empty="Nothing is there yet"
    />
  );
}
