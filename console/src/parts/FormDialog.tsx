import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Form from '@cloudscape-design/components/form';
import Modal, { type ModalProps } from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';

import { ErrorBox } from './ErrorBox';

interface Props {
  title: string;
  verb: string; // on the button: "Create", "Save"
  children: ReactNode; // the fields
  ready?: boolean; // whether enough is filled in
  size?: ModalProps.Size;
  // Answers whether the dialog is done with; what it throws is shown and may be tried again.
  act: () => Promise<boolean | void>;
  close: () => void;
}

// A few fields to fill in over the page that they belong to. Enter sends them.
export function FormDialog({ title, verb, children, ready = true, size, act, close }: Props) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const send = async () => {
    if (!ready || busy) return;
    setBusy(true);
    setError(undefined);
    try {
      if ((await act()) !== false) close();
    } catch (thrown) {
      setError(thrown);
    }
    setBusy(false);
  };
  return (
    <Modal visible header={title} size={size} closeAriaLabel="Close" onDismiss={close}>
      <form
        onSubmit={event => {
          event.preventDefault();
          void send();
        }}
      >
        <Form
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button variant="link" formAction="none" onClick={close}>
                Cancel
              </Button>
              <Button variant="primary" loading={busy} loadingText="Working" disabled={!ready}>
                {verb}
              </Button>
            </SpaceBetween>
          }
        >
          <SpaceBetween size="m">
            {error !== undefined && <ErrorBox error={error} />}
            <Box>
              <SpaceBetween size="m">{children}</SpaceBetween>
            </Box>
          </SpaceBetween>
        </Form>
      </form>
    </Modal>
  );
}
