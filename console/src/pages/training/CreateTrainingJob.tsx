import { CreateTrainingJobCommand, type CreateTrainingJobRequest, DescribeTrainingJobCommand } from '@aws-sdk/client-sagemaker';
import Button from '@cloudscape-design/components/button';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import Form from '@cloudscape-design/components/form';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { type FormEvent, useEffect, useState } from 'react';
import { useSearchParams } from 'react-router';

import { notify } from '../../app/flashes';
import { to, useNavigate } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { usePolled } from '../../aws/usePolled';
import { CodeSample } from '../../parts/CodeSample';
import { ErrorBox } from '../../parts/ErrorBox';
import { LinkButton } from '../../parts/LinkButton';
import { boto3 } from '../../parts/python';
import { algorithmOfImage, describeAlgorithm } from './algorithms';
import { type Draft, draftOf, EMPTY, faultOf, requestOfDraft } from './draft';
import { nextName, requestOf } from './request';
import { Algorithm, Further, General, Inputs, Resources, type SectionProps } from './sections';

async function cloned(name: string, signal: AbortSignal): Promise<Draft> {
  const job = await sagemaker().send(new DescribeTrainingJobCommand({ TrainingJobName: name }), { abortSignal: signal });
  const draft = draftOf(requestOf(job), algorithmOfImage(job.AlgorithmSpecification?.TrainingImage));
  return { ...draft, name: nextName(name) };
}

function complete({ draft, algorithm }: SectionProps): boolean {
  const specifications = draft.algorithm ? (algorithm?.TrainingSpecification?.SupportedHyperParameters ?? []) : [];
  return (
    Boolean(draft.name && draft.role && draft.output && (draft.algorithm || draft.image)) &&
    specifications.every(one => faultOf(one, draft.hyperparameters[one.Name!] ?? '') === undefined)
  );
}

function Preview({ draft, image }: { draft: Draft; image: string }) {
  let code: string;
  try {
    code = boto3('sagemaker', 'CreateTrainingJob', requestOfDraft(draft, image));
  } catch (thrown) {
    code = (thrown as Error).message;
  }
  return (
    <ExpandableSection variant="container" headerText="The same in Python">
      <CodeSample label="With boto3" code={code} />
    </ExpandableSection>
  );
}

function Editor({ initial }: { initial: Draft }) {
  const [draft, setDraft] = useState(initial);
  const [checked, setChecked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const navigate = useNavigate();
  const algorithm = usePolled(signal => describeAlgorithm(draft.algorithm, signal), [draft.algorithm], { every: 0, enabled: draft.algorithm !== '' });
  const image = algorithm.data?.TrainingSpecification?.TrainingImage ?? '';
  const section: SectionProps = {
    draft,
    edit: part => setDraft(before => ({ ...before, ...part })),
    algorithm: algorithm.data,
    checked,
  };
  const send = async (request: CreateTrainingJobRequest) => {
    await sagemaker().send(new CreateTrainingJobCommand(request));
    notify('success', `${draft.name} was started.`);
    void navigate(to('training', draft.name));
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    setError(undefined);
    if (!complete(section)) {
      setError(Object.assign(new Error('Some fields above are empty or out of range.'), { name: 'Not complete yet' }));
      return;
    }
    setBusy(true);
    try {
      await send(requestOfDraft(draft, image));
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={event => void submit(event)}>
      <Form
        header={<Header variant="h1" description="The algorithm learns from data in S3 and leaves a model there">Create a training job</Header>}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <LinkButton to="/training" variant="link">
              Cancel
            </LinkButton>
            <Button variant="primary" formAction="submit" loading={busy} loadingText="Starting">
              Create the training job
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          <General {...section} />
          {algorithm.error !== undefined && <ErrorBox error={algorithm.error} doing="The algorithm's hyperparameters" retry={() => void algorithm.refresh()} />}
          <Algorithm {...section} />
          <Inputs {...section} />
          <Resources {...section} />
          <Further {...section} />
          <Preview draft={draft} image={image} />
          <div aria-live="assertive">{error !== undefined && <ErrorBox error={error} />}</div>
        </SpaceBetween>
      </Form>
    </form>
  );
}

export default function CreateTrainingJob() {
  const from = useSearchParams()[0].get('from') ?? '';
  const source = usePolled(signal => cloned(from, signal), [from], { every: 0, enabled: from !== '' });
  const [initial, setInitial] = useState<Draft | undefined>(from ? undefined : EMPTY);
  useEffect(() => {
    if (source.data) setInitial(source.data);
  }, [source.data]);
  if (source.error !== undefined) return <ErrorBox error={source.error} retry={() => void source.refresh()} doing={`Reading ${from}`} />;
  return initial ? <Editor key={from} initial={initial} /> : <Spinner size="large" />;
}
