import * as I from '@aws-sdk/client-iam';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useState } from 'react';

import { notify } from '../../app/flashes';
import { iam } from '../../aws/iam';
import { usePolled } from '../../aws/usePolled';
import { Confirm } from '../../parts/Confirm';
import { ErrorBox } from '../../parts/ErrorBox';
import { FormDialog } from '../../parts/FormDialog';
import { Time } from '../../parts/Time';

async function profileOf(name: string, signal: AbortSignal): Promise<I.LoginProfile | null> {
  try {
    return (await iam().send(new I.GetLoginProfileCommand({ UserName: name }), { abortSignal: signal })).LoginProfile ?? null;
  } catch (error) {
    if (/NoSuchEntity/.test((error as Error).name)) return null;
    throw error;
  }
}

function SetPassword({ name, fresh, done, close }: { name: string; fresh: boolean; done: () => Promise<void>; close: () => void }) {
  const [password, setPassword] = useState('');
  const [reset, setReset] = useState(true);
  const act = async () => {
    const input = { UserName: name, Password: password, PasswordResetRequired: reset };
    if (fresh) await iam().send(new I.CreateLoginProfileCommand(input));
    else await iam().send(new I.UpdateLoginProfileCommand(input));
    notify('success', `${name} can sign in with the new password.`);
    await done();
  };
  return (
    <FormDialog title={`A password for ${name}`} verb="Set the password" ready={password !== ''} act={act} close={close}>
      <FormField label="New password">
        <Input type="password" value={password} autoComplete={false} onChange={({ detail }) => setPassword(detail.value)} autoFocus />
      </FormField>
      <Checkbox checked={reset} onChange={({ detail }) => setReset(detail.checked)}>
        Has to be changed at the next sign-in
      </Checkbox>
    </FormDialog>
  );
}

// Whether a user can sign in to the console, and with what.
export function Password({ name }: { name: string }) {
  const [asking, setAsking] = useState<'' | 'set' | 'remove'>('');
  const profile = usePolled(signal => profileOf(name, signal), [name], { every: 30_000 });
  const remove = async () => {
    await iam().send(new I.DeleteLoginProfileCommand({ UserName: name }));
    await profile.refresh();
  };
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              {profile.data && <Button onClick={() => setAsking('remove')}>Remove</Button>}
              <Button disabled={profile.data === undefined} onClick={() => setAsking('set')}>{profile.data ? 'Change' : 'Set a password'}</Button>
            </SpaceBetween>
          }
        >
          Password
        </Header>
      }
    >
      {profile.error !== undefined && profile.data === undefined ? (
        <ErrorBox error={profile.error} retry={() => void profile.refresh()} />
      ) : profile.data === undefined ? (
        <Spinner />
      ) : profile.data === null ? (
        <Box color="text-body-secondary">None: this user cannot sign in to the console.</Box>
      ) : (
        <Box>
          Set <Time at={profile.data.CreateDate} />
          {profile.data.PasswordResetRequired ? '; it has to be changed at the next sign-in.' : '.'}
        </Box>
      )}
      {asking === 'set' && <SetPassword name={name} fresh={!profile.data} done={profile.refresh} close={() => setAsking('')} />}
      {asking === 'remove' && (
        <Confirm title={`Remove the password of ${name}?`} verb="Remove" act={remove} close={() => setAsking('')}>
          They cannot sign in to the console any more. Access keys go on working.
        </Confirm>
      )}
    </Container>
  );
}
