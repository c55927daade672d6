import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Form from '@cloudscape-design/components/form';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type FormEvent, useRef, useState } from 'react';

import { notify } from '../../app/flashes';
import { to, useNavigate, useQuery } from '../../app/navigation';
import { CodeSample } from '../../parts/CodeSample';
import { ErrorBox } from '../../parts/ErrorBox';
import { LinkButton } from '../../parts/LinkButton';
import { boto3 } from '../../parts/python';
import { createModel, type Draft, EMPTY, faultsOf, refill, requestOf } from './draft';
import { FromJob } from './FromJob';
import { ModelForm } from './ModelForm';

// ?job=NAME fills it in from that training job.
export default function CreateModel() {
  const navigate = useNavigate();
  const [job, setJob] = useQuery('job');
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const [strict, setStrict] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  // What the job brings may arrive while somebody types: neither takes the other's away.
  const filled = useRef(EMPTY);
  const fill = (next: Draft) => {
    const was = filled.current;
    filled.current = next;
    setDraft(before => refill(before, was, next));
  };
  const edit = (changes: Partial<Draft>) => setDraft(before => ({ ...before, ...changes }));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setStrict(true);
    if (Object.keys(faultsOf(draft)).length > 0) return;
    setBusy(true);
    setError(undefined);
    try {
      await createModel(draft);
      notify('success', `Model ${draft.name} was created.`);
      void navigate(to('models', draft.name));
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={event => void submit(event)}>
      <Form
        header={<Header variant="h1">Create a model</Header>}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <LinkButton to="/models" variant="link">
              Cancel
            </LinkButton>
            <Button variant="primary" loading={busy} loadingText="Creating">
              Create the model
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          {error !== undefined && <ErrorBox error={error} />}
          <Container header={<Header variant="h2">From a training job</Header>}>
            <FromJob job={job} change={setJob} fill={fill} />
          </Container>
          <Container header={<Header variant="h2">Model</Header>}>
            <ModelForm draft={draft} change={edit} strict={strict} />
          </Container>
          <CodeSample label="The same with boto3" code={boto3('sagemaker', 'CreateModel', requestOf(draft))} />
        </SpaceBetween>
      </Form>
    </form>
  );
}
