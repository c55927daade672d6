import Box from '@cloudscape-design/components/box';
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import { useId } from 'react';

import './code.css';

// Code to read and copy. Wide lines scroll, by keyboard too.
export function CodeSample({ code, label }: { code: string; label: string }) {
  const id = useId();
  return (
    <div className="clary-code">
      <div className="clary-code-bar">
        <Box variant="small" id={id}>
          {label}
        </Box>
        <CopyToClipboard variant="icon" textToCopy={code} copyButtonAriaLabel={`Copy: ${label}`} copySuccessText="Copied" copyErrorText="The browser did not allow it" />
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it scrolls by keyboard */}
      <pre tabIndex={0} role="region" aria-labelledby={id}>
        {code}
      </pre>
    </div>
  );
}
