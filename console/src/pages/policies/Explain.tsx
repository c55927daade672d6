import { type EvaluationResult, ListRolesCommand, ListUsersCommand } from '@aws-sdk/client-iam';
import Autosuggest from '@cloudscape-design/components/autosuggest';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import Form from '@cloudscape-design/components/form';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import Textarea from '@cloudscape-design/components/textarea';
import { useEffect, useMemo, useState } from 'react';

import { to, useQueries } from '../../app/navigation';
import { iam } from '../../aws/iam';
import { usePolled } from '../../aws/usePolled';
import { ErrorBox } from '../../parts/ErrorBox';
import { JsonView } from '../../parts/JsonView';
import { PageLink } from '../../parts/PageLink';
import { ask, contextIn, decisionOf, linesIn, marked, type Question, type Source, sourcesOf } from './explain';

async function principals(signal: AbortSignal): Promise<string[]> {
  const users = await iam().send(new ListUsersCommand({ MaxItems: 1000 }), { abortSignal: signal });
  const roles = await iam().send(new ListRolesCommand({ MaxItems: 1000 }), { abortSignal: signal });
  return [...(users.Users ?? []).map(user => user.Arn!), ...(roles.Roles ?? []).map(role => role.Arn!)];
}

type Fields = Record<'principal' | 'action' | 'resource' | 'context', string>;
const NAMES = ['principal', 'action', 'resource', 'context'] as const;

function QuestionForm({ asked, busy, send }: { asked: Fields; busy: boolean; send: (fields: Fields) => void }) {
  const [fields, setFields] = useState(asked);
  useEffect(() => setFields(asked), [asked]);
  const known = usePolled(principals, [], { every: 0 });
  const change = (name: keyof Fields) => (event: { detail: { value: string } }) => setFields(before => ({ ...before, [name]: event.detail.value }));
  const ready = fields.principal !== '' && linesIn(fields.action).length > 0;
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        if (ready) send(fields);
      }}
    >
      <Form actions={<Button variant="primary" disabled={!ready} loading={busy} loadingText="Asking">Explain</Button>}>
        <Container header={<Header variant="h2">May they?</Header>}>
          <ColumnLayout columns={2} minColumnWidth={280}>
            <FormField label="Who" description="The ARN of a user, role or group.">
              <Autosuggest
                value={fields.principal}
                onChange={change('principal')}
                options={(known.data ?? []).map(value => ({ value }))}
                enteredTextLabel={value => `Use ${value}`}
                placeholder="arn:aws:iam::000000000000:user/ann"
                empty="No user or role of this name"
                ariaLabel="Who"
              />
            </FormField>
            <FormField label="Actions" description="One on each line.">
              <Textarea value={fields.action} onChange={change('action')} rows={3} placeholder={'sagemaker:CreateTrainingJob\ns3:GetObject'} spellcheck={false} />
            </FormField>
            <FormField label="Resources" description="One ARN on each line; without any: all.">
              <Textarea value={fields.resource} onChange={change('resource')} rows={3} placeholder="arn:aws:s3:::my-bucket/train/data.csv" spellcheck={false} />
            </FormField>
            <FormField label="Circumstances" description="What conditions ask for, such as aws:SourceIp = 10.0.0.7; one key on each line.">
              <Textarea value={fields.context} onChange={change('context')} rows={2} spellcheck={false} />
            </FormField>
          </ColumnLayout>
        </Container>
      </Form>
    </form>
  );
}

function Why({ result }: { result: EvaluationResult }) {
  const matched = [...new Set((result.MatchedStatements ?? []).map(statement => statement.SourcePolicyId!))];
  const missing = result.MissingContextValues ?? [];
  const bounded = result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary === false;
  return (
    <SpaceBetween size="xxs">
      {matched.length > 0 && <Box>{`${result.EvalDecision === 'allowed' ? 'Allowed' : 'Denied'} by ${matched.join(', ')}`}</Box>}
      {bounded && <Box>The permissions boundary does not allow it.</Box>}
      {matched.length === 0 && !bounded && <Box>No statement of any policy allows it.</Box>}
      {missing.length > 0 && <Box color="text-body-secondary">{`Conditions ask for what was not said: ${missing.join(', ')}`}</Box>}
    </SpaceBetween>
  );
}

function Results({ results }: { results: EvaluationResult[] }) {
  return (
    <Table
      variant="container"
      header={<Header variant="h2">Decisions</Header>}
      items={results}
      trackBy={one => `${one.EvalActionName} ${one.EvalResourceName}`}
      wrapLines
      ariaLabels={{ tableLabel: 'Decisions' }}
      columnDefinitions={[
        { id: 'action', header: 'Action', isRowHeader: true, cell: one => one.EvalActionName },
        { id: 'resource', header: 'Resource', cell: one => one.EvalResourceName },
        { id: 'decision', header: 'Decision', cell: one => <StatusIndicator type={decisionOf(one).type}>{decisionOf(one).text}</StatusIndicator> },
        { id: 'why', header: 'Because', cell: one => <Why result={one} /> },
      ]}
    />
  );
}

function Document({ source, results }: { source: Source; results: EvaluationResult[] }) {
  const { text, lines } = useMemo(() => marked(source, results), [source, results]);
  return <JsonView text={text} label={`Document of ${source.name}`} marked={lines} />;
}

function Sources({ sources, results }: { sources: Source[]; results: EvaluationResult[] }) {
  return (
    <SpaceBetween size="l">
      {sources.map(source => (
        <Container
          key={`${source.where} ${source.name}`}
          header={
            <Header variant="h2" description={`${source.where}; the statements that decided stand out.`}>
              {source.arn ? <PageLink to={to('policies', source.arn)} fontSize="heading-m">{source.name}</PageLink> : source.name}
            </Header>
          }
        >
          <Document source={source} results={results} />
        </Container>
      ))}
    </SpaceBetween>
  );
}

// The question is in the address: it can be linked to, and sent to somebody.
export default function Explain() {
  const [query, change] = useQueries(NAMES);
  const asked = query as Fields;
  const question: Question = useMemo(
    () => ({ principal: asked.principal, actions: linesIn(asked.action), resources: linesIn(asked.resource), context: contextIn(asked.context) }),
    [asked]
  );
  const enabled = question.principal !== '' && question.actions.length > 0;
  const answer = usePolled(
    async signal => {
      const results = await ask(question, signal);
      const names = new Set(results.flatMap(result => (result.MatchedStatements ?? []).map(statement => statement.SourcePolicyId!)));
      return { results, sources: await sourcesOf(question.principal, names, signal) };
    },
    [question],
    { every: 0, enabled }
  );
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description="Whether a user or role may do something, by which statement of which policy. Nothing is done.">
        Explain a decision
      </Header>
      <QuestionForm asked={asked} busy={enabled && answer.refreshing} send={fields => (JSON.stringify(fields) === JSON.stringify(asked) ? void answer.refresh() : change(fields))} />
      {enabled && answer.error !== undefined && <ErrorBox error={answer.error} retry={() => void answer.refresh()} />}
      {enabled && answer.data && (
        <SpaceBetween size="l">
          <Results results={answer.data.results} />
          <Sources sources={answer.data.sources} results={answer.data.results} />
        </SpaceBetween>
      )}
    </SpaceBetween>
  );
}
