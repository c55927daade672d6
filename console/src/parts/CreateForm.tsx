import Button from '@cloudscape-design/components/button';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import Form from '@cloudscape-design/components/form';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { useSearchParams } from 'react-router';

import { notify } from '../app/flashes';
import { to, useNavigate } from '../app/navigation';
import { usePolled } from '../aws/usePolled';
import { CodeSample } from './CodeSample';
import { ErrorBox } from './ErrorBox';
import { LinkButton } from './LinkButton';
import { boto3 } from './python';

interface Props<Request> {
  kind: string; // "training job"
  path: string; // of its pages
  describe: string;
  operation: string; // CreateTrainingJob
  name: string;
  complete: boolean; // everything that has to be given is, as far as the page can tell
  request: () => Request; // throws what is wrong with the draft, in words
  send: (request: Request) => Promise<unknown>;
  // The sections; `checked`: somebody tried to send it, say what is missing.
  children: (checked: boolean) => ReactNode;
}

function Preview<Request extends object>({ operation, request }: { operation: string; request: () => Request }) {
  let code: string;
  try {
    code = boto3('sagemaker', operation, request());
  } catch (thrown) {
    code = (thrown as Error).message;
  }
  return (
    <ExpandableSection variant="container" headerText="The same in Python">
      <CodeSample label="With boto3" code={code} />
    </ExpandableSection>
  );
}

// The page on which a job is put together: its sections, the call in Python, sending it, and on to the
// job's page.
export function CreateForm<Request extends object>(props: Props<Request>) {
  const [checked, setChecked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const navigate = useNavigate();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    setError(undefined);
    if (!props.complete) {
      setError(Object.assign(new Error('Some fields above are empty or out of range.'), { name: 'Not complete yet' }));
      return;
    }
    setBusy(true);
    try {
      await props.send(props.request());
      notify('success', `${props.name} was created.`);
      void navigate(to(props.path, props.name));
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={event => void submit(event)}>
      <Form
        header={
          <Header variant="h1" description={props.describe}>
            Create a {props.kind}
          </Header>
        }
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <LinkButton to={`/${props.path}`} variant="link">
              Cancel
            </LinkButton>
            <Button variant="primary" formAction="submit" loading={busy} loadingText="Creating">
              Create the {props.kind}
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          {props.children(checked)}
          <Preview operation={props.operation} request={props.request} />
          <div aria-live="assertive">{error !== undefined && <ErrorBox error={error} />}</div>
        </SpaceBetween>
      </Form>
    </form>
  );
}

// What the form begins with: nothing, or a job of which the address says ?from=.
export function BeginWith<Draft>({ empty, cloned, children }: { empty: Draft; cloned: (name: string, signal: AbortSignal) => Promise<Draft>; children: (initial: Draft) => ReactNode }) {
  const from = useSearchParams()[0].get('from') ?? '';
  const source = usePolled(signal => cloned(from, signal), [from], { every: 0, enabled: from !== '' });
  const [initial, setInitial] = useState<Draft | undefined>(from ? undefined : empty);
  useEffect(() => {
    if (source.data) setInitial(source.data);
  }, [source.data]);
  if (source.error !== undefined) return <ErrorBox error={source.error} retry={() => void source.refresh()} doing={`Reading ${from}`} />;
  return initial ? <>{children(initial)}</> : <Spinner size="large" />;
}
