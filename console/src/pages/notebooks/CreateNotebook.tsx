import { ListAliasesCommand } from '@aws-sdk/client-kms';
import {
  CreateNotebookInstanceCommand, DescribeNotebookInstanceCommand, _InstanceType as InstanceType, ListCodeRepositoriesCommand, ListNotebookInstanceLifecycleConfigsCommand,
} from '@aws-sdk/client-sagemaker';
import Checkbox from '@cloudscape-design/components/checkbox';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';

import { kms } from '../../aws/kms';
import { sagemaker } from '../../aws/sagemaker';
import { BeginWith, CreateForm } from '../../parts/CreateForm';
import { ChoiceField, CountField, isCount, JsonField, missing, TextField } from '../../parts/fields';
import { RoleInput } from '../../parts/RoleInput';
import { Suggest } from '../../parts/Suggest';
import { type Draft, draftOf, EMPTY, requestOf } from './draft';

interface SectionProps {
  draft: Draft;
  edit: (part: Partial<Draft>) => void;
  checked: boolean;
}

async function cloned(name: string, signal: AbortSignal): Promise<Draft> {
  return draftOf(await sagemaker().send(new DescribeNotebookInstanceCommand({ NotebookInstanceName: name }), { abortSignal: signal }));
}

async function findLifecycles(text: string, signal: AbortSignal): Promise<string[]> {
  const answer = await sagemaker().send(new ListNotebookInstanceLifecycleConfigsCommand({ NameContains: text || undefined, MaxResults: 50 }), { abortSignal: signal });
  return (answer.NotebookInstanceLifecycleConfigs ?? []).map(one => one.NotebookInstanceLifecycleConfigName!);
}

async function findRepositories(text: string, signal: AbortSignal): Promise<string[]> {
  if (text.includes('://')) return []; // an address of one's own
  const answer = await sagemaker().send(new ListCodeRepositoriesCommand({ NameContains: text || undefined, MaxResults: 50 }), { abortSignal: signal });
  return (answer.CodeRepositorySummaryList ?? []).map(one => one.CodeRepositoryName!);
}

async function findKeys(text: string, signal: AbortSignal): Promise<string[]> {
  const answer = await kms().send(new ListAliasesCommand({ Limit: 100 }), { abortSignal: signal });
  const names = (answer.Aliases ?? []).filter(one => one.TargetKeyId && !one.AliasName!.startsWith('alias/aws/')).map(one => one.AliasName!);
  return names.filter(name => name.includes(text));
}

function Instance({ draft, edit, checked }: SectionProps) {
  return (
    <Container header={<Header variant="h2">Notebook instance</Header>}>
      <SpaceBetween size="m">
        <TextField label="Name" value={draft.name} change={name => edit({ name })} constraint="Letters, digits and hyphens, at most 63; unique in this account and region" error={missing(checked, draft.name)} />
        <RoleInput value={draft.role} change={role => edit({ role })} error={missing(checked, draft.role)} />
        <ColumnLayout columns={2}>
          <ChoiceField label="Instance type" value={draft.instanceType} change={instanceType => edit({ instanceType })} words={Object.values(InstanceType)} find="Find an instance type" describe="How many processors and how much memory it gets." />
          <CountField label="Volume, in GB" value={draft.volume} change={volume => edit({ volume })} checked={checked} describe="For the files that are kept; at least 5." />
        </ColumnLayout>
      </SpaceBetween>
    </Container>
  );
}

function Files({ draft, edit }: SectionProps) {
  return (
    <Container header={<Header variant="h2" description="The volume is always encrypted">Files and start</Header>}>
      <SpaceBetween size="m">
        <FormField label="KMS key" description="Encrypts the volume; empty: the server's own key does.">
          <Suggest value={draft.key} change={key => edit({ key })} find={findKeys} label="KMS key" placeholder="alias/..., or a key's id or ARN" empty="No key of this account has an alias" />
        </FormField>
        <FormField label="Lifecycle configuration" description="Scripts that run when it is created, and at each start.">
          <Suggest value={draft.lifecycle} change={lifecycle => edit({ lifecycle })} find={findLifecycles} label="Lifecycle configuration" />
        </FormField>
        <FormField label="Git repository" description="Cloned at the first start, and what JupyterLab opens with.">
          <Suggest value={draft.repository} change={repository => edit({ repository })} find={findRepositories} label="Git repository" placeholder="https://..., or the name of a code repository" />
        </FormField>
        <Checkbox checked={draft.root} onChange={({ detail }) => edit({ root: detail.checked })} description="Shown to whoever asks; nobody is root in the sandbox that it runs in.">
          Root access for its users
        </Checkbox>
      </SpaceBetween>
    </Container>
  );
}

function Editor({ initial }: { initial: Draft }) {
  const [draft, setDraft] = useState(initial);
  const edit = (part: Partial<Draft>) => setDraft(before => ({ ...before, ...part }));
  return (
    <CreateForm
      kind="notebook instance"
      path="notebooks"
      describe="A JupyterLab with the rights of a role, and files that are kept while it is stopped"
      operation="CreateNotebookInstance"
      name={draft.name}
      complete={Boolean(draft.name && draft.role) && isCount(draft.volume)}
      request={() => requestOf(draft)}
      send={request => sagemaker().send(new CreateNotebookInstanceCommand(request))}
    >
      {checked => (
        <SpaceBetween size="l">
          <Instance draft={draft} edit={edit} checked={checked} />
          <Files draft={draft} edit={edit} checked={checked} />
          <ExpandableSection variant="container" headerText="Further settings" headerDescription="Every other member of CreateNotebookInstance" defaultExpanded={draft.more !== ''}>
            <JsonField value={draft.more} change={more => edit({ more })} describe="Merged into the request: tags, further repositories, ..." placeholder={'{"Tags": [{"Key": "team", "Value": "churn"}]}'} />
          </ExpandableSection>
        </SpaceBetween>
      )}
    </CreateForm>
  );
}

export default function CreateNotebook() {
  return (
    <BeginWith empty={EMPTY} cloned={cloned}>
      {initial => <Editor initial={initial} />}
    </BeginWith>
  );
}
