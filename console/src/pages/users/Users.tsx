import { CreateUserCommand, ListUsersCommand, type User } from '@aws-sdk/client-iam';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';

import { notify } from '../../app/flashes';
import { to, useNavigate } from '../../app/navigation';
import { iam } from '../../aws/iam';
import { FormDialog } from '../../parts/FormDialog';
import { PageLink } from '../../parts/PageLink';
import { type Ask, type Column, ResourceTable } from '../../parts/ResourceTable';
import { scan } from '../../parts/scan';
import { Time } from '../../parts/Time';
import { attach } from '../policies/holders';
import { PolicyChoice } from '../policies/PolicyChoice';

const COLUMNS: Column<User>[] = [
  { id: 'name', header: 'Name', cell: user => <PageLink to={to('users', user.UserName!)}>{user.UserName}</PageLink> },
  { id: 'path', header: 'Path', cell: user => user.Path },
  { id: 'created', header: 'Created', cell: user => <Time at={user.CreateDate} /> },
  { id: 'used', header: 'Password last used', cell: user => <Time at={user.PasswordLastUsed} /> },
];

async function load({ token, filters, signal }: Ask) {
  const wanted = (filters.name ?? '').toLowerCase();
  const page = async (Marker: string | undefined) => {
    const answer = await iam().send(new ListUsersCommand({ MaxItems: wanted ? 1000 : 25, Marker }), { abortSignal: signal });
    return { items: answer.Users ?? [], next: answer.IsTruncated ? answer.Marker : undefined };
  };
  return wanted ? scan(page, token, user => user.UserName!.toLowerCase().includes(wanted)) : page(token);
}

function CreateUser({ close }: { close: () => void }) {
  const [name, setName] = useState('');
  const [arns, setArns] = useState<string[]>([]);
  const navigate = useNavigate();
  const act = async () => {
    await iam().send(new CreateUserCommand({ UserName: name }));
    try {
      for (const arn of arns) await attach({ kind: 'user', name }, arn);
      notify('success', `${name} is there. A password or an access key lets them in: both are made on this page.`);
    } catch (error) {
      notify('error', `${name} is there, but not every policy could be attached: ${(error as Error).message}`);
    }
    void navigate(to('users', name));
  };
  return (
    <FormDialog title="Create a user" verb="Create" ready={name !== ''} act={act} close={close}>
      <FormField label="User name" constraintText="Letters, digits and +=,.@_-">
        <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus />
      </FormField>
      <FormField label="Policies" description="What the user may do. More can be attached later.">
        <PolicyChoice arns={arns} choose={setArns} />
      </FormField>
    </FormDialog>
  );
}

function Empty() {
  return (
    <SpaceBetween size="xxs" alignItems="center">
      <Box variant="strong">No users yet</Box>
      <Box color="text-body-secondary">A user is a person or program with a password or keys of its own, who may do what policies allow.</Box>
    </SpaceBetween>
  );
}

export default function Users() {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <ResourceTable
        title="Users"
        columns={COLUMNS}
        id={user => user.Arn!}
        load={load}
        filters={[{ name: 'name', label: 'Find by name' }]}
        every={15_000}
        empty={<Empty />}
        actions={
          <Button variant="primary" onClick={() => setAsking(true)}>
            Create a user
          </Button>
        }
      />
      {asking && <CreateUser close={() => setAsking(false)} />}
    </>
  );
}
