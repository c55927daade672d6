import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';
import { useState } from 'react';

import { sagemakerRuntime } from '../../aws/sagemakerRuntime';
import { byteText } from '../../parts/numbers';
import { CodeSample } from '../../parts/CodeSample';
import { ErrorBox } from '../../parts/ErrorBox';
import { LinkButton } from '../../parts/LinkButton';
import { literal } from '../../parts/python';
import { to } from '../../app/navigation';

const TYPES = ['text/csv', 'application/json', 'application/jsonlines', 'text/libsvm', 'text/plain'];
const EXAMPLES: Record<string, string> = {
  'text/csv': '1.0,2.0,3.0',
  'application/json': '{"instances": [[1.0, 2.0, 3.0]]}',
  'application/jsonlines': '{"features": [1.0, 2.0, 3.0]}',
  'text/libsvm': '0 1:1.0 2:2.0 3:3.0',
  'text/plain': 'text',
};
const SHOWN = 100_000;

interface Request {
  body: string;
  type: string;
  accept: string; // "": as the model likes
  variant: string; // "": by weight
}

interface Answer {
  text: string;
  type?: string;
  variant?: string;
  size: number;
  milliseconds: number;
}

async function invoke(endpoint: string, request: Request): Promise<Answer> {
  const began = performance.now();
  const answer = await sagemakerRuntime().send(
    new InvokeEndpointCommand({
      EndpointName: endpoint,
      ContentType: request.type,
      Accept: request.accept || undefined,
      TargetVariant: request.variant || undefined,
      Body: new TextEncoder().encode(request.body),
    })
  );
  const milliseconds = performance.now() - began;
  const text = new TextDecoder().decode(answer.Body);
  return { text, type: answer.ContentType, variant: answer.InvokedProductionVariant, size: answer.Body?.length ?? 0, milliseconds };
}

function pretty({ text, type }: Answer): string {
  if (!type?.includes('json')) return text.slice(0, SHOWN);
  try {
    return JSON.stringify(JSON.parse(text), null, 2).slice(0, SHOWN);
  } catch {
    return text.slice(0, SHOWN);
  }
}

function codeOf(endpoint: string, { body, type, accept, variant }: Request): string {
  const lines = [
    'import boto3\n',
    'runtime = boto3.client("sagemaker-runtime")',
    'answer = runtime.invoke_endpoint(',
    `    EndpointName=${literal(endpoint)},`,
    `    ContentType=${literal(type)},`,
    ...(accept ? [`    Accept=${literal(accept)},`] : []),
    ...(variant ? [`    TargetVariant=${literal(variant)},`] : []),
    `    Body=${literal(body)},`,
    ')',
    'print(answer["Body"].read().decode())',
  ];
  return lines.join('\n');
}

function Choice(props: { label: string; value: string; options: { value: string; label: string }[]; change: (value: string) => void }) {
  return (
    <FormField label={props.label}>
      <Select
        selectedOption={props.options.find(one => one.value === props.value) ?? null}
        options={props.options}
        onChange={({ detail }) => props.change(detail.selectedOption.value ?? '')}
      />
    </FormField>
  );
}

function Failed({ endpoint, error }: { endpoint: string; error: unknown }) {
  const model = error as { name?: string; OriginalMessage?: string; OriginalStatusCode?: number };
  if (model.name !== 'ModelError') return <ErrorBox error={error} />;
  return (
    <Alert
      type="error"
      statusIconAriaLabel="Error"
      header={`The model answered with status ${model.OriginalStatusCode}`}
      action={<LinkButton to={`${to('endpoints', endpoint)}?tab=logs`}>Look at its logs</LinkButton>}
    >
      {model.OriginalMessage}
    </Alert>
  );
}

function Answered({ answer }: { answer: Answer }) {
  return (
    <SpaceBetween size="s">
      <KeyValuePairs
        columns={4}
        items={[
          { label: 'Time', value: `${answer.milliseconds.toFixed(1)} ms` },
          { label: 'Variant', value: answer.variant ?? '–' },
          { label: 'Content type', value: answer.type ?? '–' },
          { label: 'Size', value: byteText(answer.size) },
        ]}
      />
      <CodeSample label={answer.text.length > SHOWN ? 'The beginning of the answer' : 'Answer'} code={pretty(answer)} />
    </SpaceBetween>
  );
}

// Sends what is typed to the endpoint, as any client would.
export function TryIt({ endpoint, variants, ready }: { endpoint: string; variants: string[]; ready: boolean }) {
  const [request, setRequest] = useState<Request>({ body: EXAMPLES['text/csv']!, type: 'text/csv', accept: '', variant: '' });
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Answer>();
  const [error, setError] = useState<unknown>();
  const set = (changes: Partial<Request>) => setRequest({ ...request, ...changes });
  const retype = (type: string) => set({ type, body: request.body === EXAMPLES[request.type] ? EXAMPLES[type]! : request.body });
  const send = async () => {
    setBusy(true);
    setError(undefined);
    try {
      setAnswer(await invoke(endpoint, request));
    } catch (thrown) {
      setAnswer(undefined);
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Container header={<Header variant="h2" description="The request is a real one: it counts in the metrics.">Try it</Header>}>
      <SpaceBetween size="m">
        <ColumnLayout columns={3}>
          <Choice label="Content type" value={request.type} options={TYPES.map(value => ({ value, label: value }))} change={retype} />
          <Choice
            label="Accept"
            value={request.accept}
            options={[{ value: '', label: 'As the model likes' }, ...TYPES.map(value => ({ value, label: value }))]}
            change={accept => set({ accept })}
          />
          <Choice
            label="Variant"
            value={request.variant}
            options={[{ value: '', label: 'By weight' }, ...variants.map(value => ({ value, label: value }))]}
            change={variant => set({ variant })}
          />
        </ColumnLayout>
        <FormField label="Body" stretch constraintText="Ctrl and Enter send it">
          <Textarea
            value={request.body}
            rows={6}
            spellcheck={false}
            onChange={({ detail }) => set({ body: detail.value })}
            onKeyDown={({ detail }) => {
              if (detail.key === 'Enter' && (detail.ctrlKey || detail.metaKey) && ready && !busy) void send();
            }}
          />
        </FormField>
        <Button variant="primary" loading={busy} loadingText="Waiting for the answer" disabled={!ready} onClick={() => void send()}>
          Send
        </Button>
        {!ready && <Box color="text-body-secondary">The endpoint is not in service.</Box>}
        <div aria-live="polite">
          {error !== undefined && <Failed endpoint={endpoint} error={error} />}
          {answer && <Answered answer={answer} />}
        </div>
        <CodeSample label="The same with boto3" code={codeOf(endpoint, request)} />
      </SpaceBetween>
    </Container>
  );
}
