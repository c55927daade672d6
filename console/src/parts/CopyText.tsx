import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';

// A text with a button that copies it: ARNs, paths, names.
export function CopyText({ text, what = 'text' }: { text?: string; what?: string }) {
  if (!text) return <>–</>;
  return (
    <CopyToClipboard
      variant="inline"
      textToCopy={text}
      copyButtonAriaLabel={`Copy the ${what}`}
      copySuccessText="Copied"
      copyErrorText="The browser did not allow it"
    />
  );
}
