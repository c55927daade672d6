import { CreateRoleCommand, ListRolesCommand, type Role } from '@aws-sdk/client-iam';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';
import { useState } from 'react';

import { notify } from '../../app/flashes';
import { to, useNavigate } from '../../app/navigation';
import { iam } from '../../aws/iam';
import { FormDialog } from '../../parts/FormDialog';
import { PageLink } from '../../parts/PageLink';
import { type Ask, type Column, ResourceTable } from '../../parts/ResourceTable';
import { scan } from '../../parts/scan';
import { Time } from '../../parts/Time';
import { decoded, fault } from '../policies/documents';
import { attach } from '../policies/holders';
import { PolicyChoice } from '../policies/PolicyChoice';

// Who may take the role: the principals of its trust policy.
export function trustedBy(document: string | undefined): string {
  try {
    const parsed = JSON.parse(decoded(document)) as { Statement: object | object[] };
    const names = [parsed.Statement].flat().flatMap(statement => {
      const { Principal: principal, Effect: effect } = statement as { Principal?: string | Record<string, string | string[]>; Effect?: string };
      if (effect !== 'Allow' || principal === undefined) return [];
      return typeof principal === 'string' ? ['everybody'] : Object.values(principal).flat();
    });
    return [...new Set(names)].join(', ') || 'nobody';
  } catch {
    return '–';
  }
}

const COLUMNS: Column<Role>[] = [
  { id: 'name', header: 'Name', cell: role => <PageLink to={to('roles', role.RoleName!)}>{role.RoleName}</PageLink> },
  { id: 'trust', header: 'May be taken by', cell: role => trustedBy(role.AssumeRolePolicyDocument) },
  { id: 'text', header: 'Description', cell: role => role.Description ?? '–' },
  { id: 'created', header: 'Created', cell: role => <Time at={role.CreateDate} /> },
];

async function load({ token, filters, signal }: Ask) {
  const wanted = (filters.name ?? '').toLowerCase();
  const page = async (Marker: string | undefined) => {
    const answer = await iam().send(new ListRolesCommand({ MaxItems: wanted ? 1000 : 25, Marker }), { abortSignal: signal });
    return { items: answer.Roles ?? [], next: answer.IsTruncated ? answer.Marker : undefined };
  };
  return wanted ? scan(page, token, role => role.RoleName!.toLowerCase().includes(wanted)) : page(token);
}

function trust(principal: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }] }, null, 2);
}

const TRUSTED = [
  { value: 'sagemaker', label: 'SageMaker', description: 'Training, processing and tuning jobs, endpoints: an execution role' },
  { value: 'account', label: 'Users of an account', description: 'Whom policies allow sts:AssumeRole of it' },
  { value: 'own', label: 'As written', description: 'A trust policy of your own' },
];

function CreateRole({ close }: { close: () => void }) {
  const [name, setName] = useState('');
  const [text, setText] = useState('');
  const [kind, setKind] = useState('sagemaker');
  const [account, setAccount] = useState('');
  const [own, setOwn] = useState(trust({ Service: 'sagemaker.amazonaws.com' }));
  const [arns, setArns] = useState<string[]>([]);
  const navigate = useNavigate();
  const document = kind === 'sagemaker' ? trust({ Service: 'sagemaker.amazonaws.com' }) : kind === 'account' ? trust({ AWS: `arn:aws:iam::${account}:root` }) : own;
  const wrong = kind === 'own' ? fault(own) : '';
  const act = async () => {
    await iam().send(new CreateRoleCommand({ RoleName: name, Description: text || undefined, AssumeRolePolicyDocument: document }));
    try {
      for (const arn of arns) await attach({ kind: 'role', name }, arn);
      notify('success', `The role ${name} is there.`);
    } catch (error) {
      notify('error', `The role ${name} is there, but not every policy could be attached: ${(error as Error).message}`);
    }
    void navigate(to('roles', name));
  };
  return (
    <FormDialog title="Create a role" verb="Create" size="large" ready={name !== '' && !wrong && (kind !== 'account' || /^\d{12}$/.test(account))} act={act} close={close}>
      <FormField label="Role name">
        <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus />
      </FormField>
      <FormField label="Description">
        <Input value={text} onChange={({ detail }) => setText(detail.value)} />
      </FormField>
      <FormField label="May be taken by">
        <Select selectedOption={TRUSTED.find(one => one.value === kind)!} options={TRUSTED} onChange={({ detail }) => setKind(detail.selectedOption.value!)} />
      </FormField>
      {kind === 'account' && (
        <FormField label="Account" constraintText="Twelve digits">
          <Input value={account} onChange={({ detail }) => setAccount(detail.value)} />
        </FormField>
      )}
      {kind === 'own' && (
        <FormField label="Trust policy" errorText={wrong} stretch>
          <Textarea value={own} rows={12} spellcheck={false} onChange={({ detail }) => setOwn(detail.value)} />
        </FormField>
      )}
      <FormField label="Policies" description="What the role may do.">
        <PolicyChoice arns={arns} choose={setArns} />
      </FormField>
    </FormDialog>
  );
}

function Empty() {
  return (
    <SpaceBetween size="xxs" alignItems="center">
      <Box variant="strong">No roles yet</Box>
      <Box color="text-body-secondary">Jobs and endpoints work with the rights of a role: it needs one that SageMaker may take, and that may read their data.</Box>
    </SpaceBetween>
  );
}

export default function Roles() {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <ResourceTable
        title="Roles"
        columns={COLUMNS}
        id={role => role.Arn!}
        load={load}
        filters={[{ name: 'name', label: 'Find by name' }]}
        every={15_000}
        empty={<Empty />}
        actions={
          <Button variant="primary" onClick={() => setAsking(true)}>
            Create a role
          </Button>
        }
      />
      {asking && <CreateRole close={() => setAsking(false)} />}
    </>
  );
}
