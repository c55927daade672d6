import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Form from '@cloudscape-design/components/form';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input, { type InputProps } from '@cloudscape-design/components/input';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';

import './signin.css';
import { SignInError, signInWithKey, signInWithPassword } from './session';

const ACCOUNT_KEY = 'clary.account';

interface Fault {
  header: string;
  text: string;
}

function faultOf(thrown: unknown): Fault {
  if (!(thrown instanceof SignInError)) {
    return { header: 'The server cannot be reached', text: 'It may be restarting. Try again in a moment.' };
  }
  if (thrown.code === 'TooManyAttempts' && thrown.retryAfter) {
    return { header: 'Too many failed attempts', text: `Try again in ${thrown.retryAfter} seconds.` };
  }
  return { header: 'Could not sign in', text: thrown.message };
}

function Field(props: { label: string; value: string; change: (value: string) => void; type?: InputProps.Type; hint?: string; constraint?: string; autoFocus?: boolean; complete?: string }) {
  return (
    <FormField label={props.label} description={props.hint} constraintText={props.constraint}>
      <Input
        value={props.value}
        type={props.type ?? 'text'}
        autoFocus={props.autoFocus}
        autoComplete={(props.complete ?? 'off') as never}
        spellcheck={false}
        disableBrowserAutocorrect
        onChange={({ detail }) => props.change(detail.value)}
      />
    </FormField>
  );
}

function SignInForm({ fields, submit, button = 'Sign in' }: { fields: ReactNode; submit: () => Promise<void>; button?: string }) {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const go = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    try {
      await submit();
    } catch (thrown) {
      setFault(faultOf(thrown));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={event => void go(event)}>
      <Form
        actions={
          <Button variant="primary" formAction="submit" loading={busy} loadingText="Signing in">
            {button}
          </Button>
        }
        errorText={undefined}
      >
        <SpaceBetween size="m">
          <div aria-live="assertive">
            {fault && (
              <Alert type="error" header={fault.header} statusIconAriaLabel="Error">
                {fault.text}
              </Alert>
            )}
          </div>
          {fields}
        </SpaceBetween>
      </Form>
    </form>
  );
}

function WithPassword() {
  const [account, setAccount] = useState(localStorage.getItem(ACCOUNT_KEY) ?? '');
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [next, setNext] = useState('');
  const [change, setChange] = useState(false);
  const submit = async () => {
    try {
      await signInWithPassword({ account, user, password, ...(change ? { new_password: next } : {}) });
      localStorage.setItem(ACCOUNT_KEY, account);
    } catch (thrown) {
      if (!(thrown instanceof SignInError) || thrown.code !== 'PasswordChangeRequired' || change) throw thrown;
      setChange(true);
      throw new SignInError(thrown.code, 'Your password has to be changed. Choose a new one below.');
    }
  };
  return (
    <SignInForm
      submit={submit}
      button={change ? 'Change the password and sign in' : 'Sign in'}
      fields={
        <SpaceBetween size="m">
          <Field label="Account" value={account} change={setAccount} constraint="Its id, alias or name; empty for this server's first account" complete="organization" />
          <Field label="User name" value={user} change={setUser} autoFocus complete="username" />
          <Field label="Password" value={password} change={setPassword} type="password" complete="current-password" />
          {change && <Field label="New password" value={next} change={setNext} type="password" complete="new-password" autoFocus />}
        </SpaceBetween>
      }
    />
  );
}

function WithKey() {
  const [id, setId] = useState('');
  const [secret, setSecret] = useState('');
  const [token, setToken] = useState('');
  return (
    <SignInForm
      submit={() => signInWithKey(id.trim(), secret.trim(), token.trim())}
      fields={
        <SpaceBetween size="m">
          <Field label="Access key ID" value={id} change={setId} autoFocus complete="username" />
          <Field
            label="Secret access key"
            hint="It stays in this page: the server sees a signature, and the page forgets the key once you are in."
            value={secret}
            change={setSecret}
            type="password"
          />
          {id.trim().startsWith('ASIA') && <Field label="Session token" value={token} change={setToken} type="password" />}
          <Box color="text-body-secondary" fontSize="body-s">
            The owner of this server finds a key with <Box variant="code">clary env</Box>.
          </Box>
        </SpaceBetween>
      }
    />
  );
}

export default function SignIn({ why }: { why?: 'ended' }) {
  const [way, setWay] = useState('password');
  useEffect(() => {
    document.title = 'Sign in · Clary';
  }, []);
  return (
    <main className="clary-sign-in">
      <SpaceBetween size="l">
        <Header variant="h1" description="Machine learning on your own machines, through Amazon SageMaker's API">
          Clary
        </Header>
        {why === 'ended' && (
          <Alert type="info" statusIconAriaLabel="Information">
            Your session has ended. Sign in again to go on where you were.
          </Alert>
        )}
        <Container header={<Header variant="h2">Sign in</Header>}>
          <SpaceBetween size="m">
            <RadioGroup
              ariaLabel="How to sign in"
              direction="horizontal"
              value={way}
              onChange={({ detail }) => setWay(detail.value)}
              items={[
                { value: 'password', label: 'User name and password' },
                { value: 'key', label: 'Access key' },
              ]}
            />
            {way === 'password' ? <WithPassword /> : <WithKey />}
          </SpaceBetween>
        </Container>
      </SpaceBetween>
    </main>
  );
}
