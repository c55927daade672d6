import Box from '@cloudscape-design/components/box';
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';

import { PageLink } from './PageLink';

// s3://bucket/prefix/ as a link into the S3 browser (pages/data), with a copy button.
export function s3Path(uri: string): string | undefined {
  const match = /^s3:\/\/([^/]+)\/?(.*)$/.exec(uri);
  if (!match) return undefined;
  const folder = match[2]!.replace(/[^/]*$/, '');
  return `/data/${encodeURIComponent(match[1]!)}${folder ? `?prefix=${encodeURIComponent(folder)}` : ''}`;
}

export function S3Link({ uri }: { uri?: string }) {
  if (!uri) return <>–</>;
  const path = s3Path(uri);
  return (
    <Box>
      <CopyToClipboard variant="icon" textToCopy={uri} copyButtonAriaLabel="Copy the S3 path" copySuccessText="Copied" copyErrorText="The browser did not allow it" />{' '}
      {path ? <PageLink to={path}>{uri}</PageLink> : uri}
    </Box>
  );
}
