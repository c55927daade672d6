import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';

import { ErrorBox } from './ErrorBox';

interface Props {
  title: string;
  children: ReactNode; // what will happen
  verb: string; // on the button: "Stop", "Delete"
  type?: string; // what has to be typed first, for what cannot be undone
  act: () => Promise<unknown>;
  close: () => void;
}

// Asks before something is stopped or deleted. Stays open when it fails and says why.
export function Confirm({ title, children, verb, type, act, close }: Props) {
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const go = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await act();
      close();
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <Modal
      visible
      header={title}
      closeAriaLabel="Close"
      onDismiss={close}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={close}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy} loadingText="Working" disabled={type !== undefined && typed !== type} onClick={() => void go()}>
              {verb}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {error !== undefined && <ErrorBox error={error} />}
        <div>{children}</div>
        {type !== undefined && (
          <FormField label={`Type "${type}" to go on`}>
            <Input value={typed} onChange={({ detail }) => setTyped(detail.value)} autoFocus />
          </FormField>
        )}
      </SpaceBetween>
    </Modal>
  );
}
