import Box from '@cloudscape-design/components/box';
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';

import { PageLink } from './PageLink';
import { s3Path } from './s3';

// s3://bucket/prefix/ as a link into the S3 browser (pages/data), with a copy button.
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
