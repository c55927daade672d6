import { CreatePresignedNotebookInstanceUrlCommand } from '@aws-sdk/client-sagemaker';
import Button, { type ButtonProps } from '@cloudscape-design/components/button';
import { useState } from 'react';

import { notify } from '../../app/flashes';
import { sagemaker } from '../../aws/sagemaker';
import { ErrorBox } from '../../parts/ErrorBox';

// Asks for a link when it is wanted, since one is good for five minutes. What opens knows nothing of
// this page: a notebook shows what its user's programs say.
async function openLab(name: string) {
  const { AuthorizedUrl } = await sagemaker().send(new CreatePresignedNotebookInstanceUrlCommand({ NotebookInstanceName: name }));
  const link = document.createElement('a');
  link.href = AuthorizedUrl!;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  link.click();
}

export function OpenButton({ name, disabled, variant }: { name: string; disabled?: boolean; variant?: ButtonProps.Variant }) {
  const [busy, setBusy] = useState(false);
  const open = async () => {
    setBusy(true);
    try {
      await openLab(name);
    } catch (error) {
      notify('error', <ErrorBox error={error} doing={`Opening ${name}`} />);
    }
    setBusy(false);
  };
  return (
    <Button
      variant={variant}
      iconName="external"
      iconAlign="right"
      disabled={disabled}
      loading={busy}
      loadingText="Opening"
      ariaLabel={variant === 'inline-link' ? `Open ${name} in JupyterLab, in a new tab` : 'Open JupyterLab, in a new tab'}
      onClick={() => void open()}
    >
      {variant === 'inline-link' ? 'Open' : 'Open JupyterLab'}
    </Button>
  );
}
