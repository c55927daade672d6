import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type FormEvent, useState } from 'react';

import { notify } from '../../app/flashes';
import { region } from '../../aws/client';
import { s3 } from '../../aws/s3';
import { ErrorBox } from '../../parts/ErrorBox';

const NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

async function create(name: string, versions: boolean) {
  const where = region();
  await s3().send(
    new CreateBucketCommand({
      Bucket: name,
      // us-east-1 is what S3 means by no constraint.
      ...(where === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: where as never } }),
    })
  );
  if (versions) await s3().send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status: 'Enabled' } }));
}

export function CreateBucket({ close }: { close: (made: boolean) => void }) {
  const [name, setName] = useState('');
  const [versions, setVersions] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const bad = name !== '' && !NAME.test(name);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!NAME.test(name)) return;
    setBusy(true);
    setError(undefined);
    try {
      await create(name, versions);
      notify('success', `Bucket ${name} was created.`);
      close(true);
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <Modal visible header="Create a bucket" closeAriaLabel="Close" onDismiss={() => close(false)}>
      <form onSubmit={event => void submit(event)}>
        <SpaceBetween size="m">
          {error !== undefined && <ErrorBox error={error} />}
          <FormField
            label="Name"
            constraintText="3 to 63 small letters, digits, hyphens and dots"
            errorText={bad ? 'A name has 3 to 63 small letters, digits, hyphens and dots, with a letter or digit at both ends.' : undefined}
            i18nStrings={{ errorIconAriaLabel: 'Error' }}
          >
            <Input value={name} autoFocus spellcheck={false} disableBrowserAutocorrect onChange={({ detail }) => setName(detail.value)} />
          </FormField>
          <Checkbox checked={versions} description="What is overwritten or deleted can be brought back." onChange={({ detail }) => setVersions(detail.checked)}>
            Keep older versions of objects
          </Checkbox>
          <Box float="right">
            <SpaceBetween direction="horizontal" size="xs">
              <Button variant="link" formAction="none" onClick={() => close(false)}>
                Cancel
              </Button>
              <Button variant="primary" loading={busy} loadingText="Creating" disabled={!NAME.test(name)}>
                Create
              </Button>
            </SpaceBetween>
          </Box>
        </SpaceBetween>
      </form>
    </Modal>
  );
}
