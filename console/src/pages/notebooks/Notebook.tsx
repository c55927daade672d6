import {
  DeleteNotebookInstanceCommand, DescribeNotebookInstanceCommand, type DescribeNotebookInstanceOutput, ListTagsCommand, StartNotebookInstanceCommand, StopNotebookInstanceCommand,
} from '@aws-sdk/client-sagemaker';
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useParams } from 'react-router';

import { notify } from '../../app/flashes';
import { to, useNavigate, useQuery } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { type Polled, usePolled } from '../../aws/usePolled';
import { CodeSample } from '../../parts/CodeSample';
import { Confirm } from '../../parts/Confirm';
import { CopyText } from '../../parts/CopyText';
import { ErrorBox } from '../../parts/ErrorBox';
import { LinkButton } from '../../parts/LinkButton';
import { Loaded } from '../../parts/Loading';
import { LogView } from '../../parts/LogView';
import { PageLink } from '../../parts/PageLink';
import { PairTable } from '../../parts/PairTable';
import { boto3 } from '../../parts/python';
import { StatusBadge } from '../../parts/StatusBadge';
import { Time } from '../../parts/Time';
import { draftOf, requestOf } from './draft';
import { OpenButton } from './OpenButton';

const CHANGING = ['Pending', 'Stopping', 'Updating', 'Deleting'];
const AT_REST = ['Stopped', 'Failed'];

// An alias may come to name another key: only the key itself has a page.
function VolumeKey({ of: key }: { of?: string }) {
  if (!key) return <>The server's own</>;
  if (/(^|:)alias\//.test(key)) return <>{key}</>;
  return <PageLink to={to('keys', key.slice(key.lastIndexOf('/') + 1))}>{key}</PageLink>;
}

function Summary({ notebook }: { notebook: DescribeNotebookInstanceOutput }) {
  return (
    <Container header={<Header variant="h2">Summary</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: 'Status', value: <StatusBadge status={notebook.NotebookInstanceStatus} /> },
          { label: 'Created', value: <Time at={notebook.CreationTime} /> },
          { label: 'Changed', value: <Time at={notebook.LastModifiedTime} /> },
          { label: 'Instance type', value: notebook.InstanceType ?? '–' },
          { label: 'Volume', value: `${notebook.VolumeSizeInGB ?? '–'} GB` },
          { label: 'Volume key', value: <VolumeKey of={notebook.KmsKeyId} /> },
          { label: 'Lifecycle configuration', value: notebook.NotebookInstanceLifecycleConfigName ?? 'None' },
          { label: 'Git repositories', value: [notebook.DefaultCodeRepository, ...(notebook.AdditionalCodeRepositories ?? [])].filter(Boolean).join(', ') || 'None' },
          { label: 'Root access', value: notebook.RootAccess ?? '–' },
          { label: 'Role', value: <CopyText text={notebook.RoleArn} what="role" /> },
          { label: 'ARN', value: <CopyText text={notebook.NotebookInstanceArn} what="ARN" /> },
          { label: 'Address', value: <CopyText text={notebook.Url} what="address" /> },
        ]}
      />
    </Container>
  );
}

function Overview({ notebook }: { notebook: DescribeNotebookInstanceOutput }) {
  const arn = notebook.NotebookInstanceArn!;
  const tags = usePolled(async signal => (await sagemaker().send(new ListTagsCommand({ ResourceArn: arn }), { abortSignal: signal })).Tags ?? [], [arn], { every: 30_000 });
  return (
    <SpaceBetween size="l">
      <Summary notebook={notebook} />
      {tags.error !== undefined && !tags.data ? <ErrorBox error={tags.error} doing="Reading the tags" /> : <PairTable title="Tags" pairs={(tags.data ?? []).map(one => [one.Key!, one.Value ?? ''])} empty={tags.data ? 'None.' : 'Loading'} />}
      <CodeSample label="The same with boto3" code={boto3('sagemaker', 'CreateNotebookInstance', { ...requestOf(draftOf(notebook)), NotebookInstanceName: notebook.NotebookInstanceName })} />
    </SpaceBetween>
  );
}

function Parts({ notebook }: { notebook: DescribeNotebookInstanceOutput }) {
  const [tab, setTab] = useQuery('tab', 'overview');
  const content: Record<string, () => React.ReactNode> = {
    overview: () => <Overview notebook={notebook} />,
    logs: () => <LogView group="/aws/sagemaker/NotebookInstances" prefix={`${notebook.NotebookInstanceName}/`} live={!AT_REST.includes(notebook.NotebookInstanceStatus ?? '')} />,
  };
  const tabs = [
    { id: 'overview', label: 'Overview' },
    { id: 'logs', label: 'Log' },
  ];
  return (
    <Tabs
      ariaLabel="Of this notebook instance"
      activeTabId={tab}
      onChange={({ detail }) => setTab(detail.activeTabId)}
      tabs={tabs.map(one => ({ ...one, content: one.id === tab ? content[one.id]!() : null }))}
    />
  );
}

type Asking = '' | 'stop' | 'delete';

function Actions({ name, notebook, ask }: { name: string; notebook: Polled<DescribeNotebookInstanceOutput>; ask: (what: Asking) => void }) {
  const [starting, setStarting] = useState(false);
  const status = notebook.data?.NotebookInstanceStatus ?? '';
  const start = async () => {
    setStarting(true);
    try {
      await sagemaker().send(new StartNotebookInstanceCommand({ NotebookInstanceName: name }));
      notify('info', `${name} is being started.`);
      await notebook.refresh();
    } catch (error) {
      notify('error', <ErrorBox error={error} doing={`Starting ${name}`} />);
    }
    setStarting(false);
  };
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void notebook.refresh()} />
      <Button disabled={!AT_REST.includes(status)} loading={starting} loadingText="Starting" onClick={() => void start()}>
        Start
      </Button>
      <Button disabled={status !== 'InService'} onClick={() => ask('stop')}>
        Stop
      </Button>
      <Button disabled={!AT_REST.includes(status)} onClick={() => ask('delete')}>
        Delete
      </Button>
      <LinkButton to={`/notebooks/~create?from=${encodeURIComponent(name)}`} disabled={!notebook.data}>
        Clone and edit
      </LinkButton>
      <OpenButton name={name} variant="primary" disabled={status !== 'InService'} />
    </SpaceBetween>
  );
}

export default function Notebook() {
  const name = useParams().name!;
  const navigate = useNavigate();
  const [asking, setAsking] = useState<Asking>('');
  const notebook = usePolled(
    signal => sagemaker().send(new DescribeNotebookInstanceCommand({ NotebookInstanceName: name }), { abortSignal: signal }),
    [name],
    { next: data => (CHANGING.includes(data.NotebookInstanceStatus ?? '') ? 1500 : 10_000) }
  );
  const stop = async () => {
    await sagemaker().send(new StopNotebookInstanceCommand({ NotebookInstanceName: name }));
    notify('info', `${name} is being stopped.`);
    await notebook.refresh();
  };
  const remove = async () => {
    await sagemaker().send(new DeleteNotebookInstanceCommand({ NotebookInstanceName: name }));
    notify('info', `Notebook instance ${name} is being deleted.`);
    void navigate('/notebooks');
  };
  const status = notebook.data?.NotebookInstanceStatus;
  return (
    <SpaceBetween size="l">
      <Header variant="h1" info={status && <StatusBadge status={status} />} actions={<Actions name={name} notebook={notebook} ask={setAsking} />}>
        {name}
      </Header>
      {notebook.data?.FailureReason && (
        <Alert type="error" statusIconAriaLabel="Error" header="It could not be started">
          {notebook.data.FailureReason}
        </Alert>
      )}
      <Loaded of={notebook} doing={name}>
        {known => <Parts notebook={known} />}
      </Loaded>
      {asking === 'stop' && (
        <Confirm title={`Stop ${name}?`} verb="Stop" act={stop} close={() => setAsking('')}>
          Its kernels and terminals end, and what they hold in memory is lost. The files of its volume are kept.
        </Confirm>
      )}
      {asking === 'delete' && (
        <Confirm title={`Delete the notebook instance ${name}?`} verb="Delete" type={name} act={remove} close={() => setAsking('')}>
          Its volume goes with it, and every file there: nobody can bring them back.
        </Confirm>
      )}
    </SpaceBetween>
  );
}
