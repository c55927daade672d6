import * as I from '@aws-sdk/client-iam';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Tabs from '@cloudscape-design/components/tabs';
import { useMemo, useState } from 'react';
import { useParams } from 'react-router';

import { notify } from '../../app/flashes';
import { useNavigate, useQuery } from '../../app/navigation';
import { iam } from '../../aws/iam';
import { usePolled } from '../../aws/usePolled';
import { Confirm } from '../../parts/Confirm';
import { CopyText } from '../../parts/CopyText';
import { ErrorBox } from '../../parts/ErrorBox';
import { LinkButton } from '../../parts/LinkButton';
import { Time } from '../../parts/Time';
import { groupsOf, removePolicies } from '../policies/holders';
import { Permissions } from '../policies/Permissions';
import { AccessKeys } from './AccessKeys';
import { Password } from './Password';

// IAM deletes only a user who has nothing left.
async function removeUser(name: string) {
  const keys = await iam().send(new I.ListAccessKeysCommand({ UserName: name, MaxItems: 100 }));
  for (const key of keys.AccessKeyMetadata ?? []) await iam().send(new I.DeleteAccessKeyCommand({ UserName: name, AccessKeyId: key.AccessKeyId }));
  try {
    await iam().send(new I.DeleteLoginProfileCommand({ UserName: name }));
  } catch (error) {
    if ((error as Error).name !== 'NoSuchEntityException' && (error as Error).name !== 'NoSuchEntity') throw error;
  }
  for (const group of await groupsOf(name)) await iam().send(new I.RemoveUserFromGroupCommand({ UserName: name, GroupName: group.GroupName }));
  await removePolicies({ kind: 'user', name });
  await iam().send(new I.DeleteUserCommand({ UserName: name }));
}

function Groups({ name }: { name: string }) {
  const groups = usePolled(signal => groupsOf(name, signal), [name], { every: 30_000 });
  const [open, setOpen] = useState('');
  if (groups.error !== undefined && !groups.data) return <ErrorBox error={groups.error} retry={() => void groups.refresh()} />;
  if (!groups.data) return <Spinner />;
  if (groups.data.length === 0) {
    return (
      <Container>
        <Box color="text-body-secondary">In no group.</Box>
      </Container>
    );
  }
  return (
    <SpaceBetween size="l">
      {groups.data.map(group => (
        <Container
          key={group.GroupName}
          header={<Header variant="h2" description={group.Arn} actions={<Button onClick={() => setOpen(open === group.GroupName ? '' : group.GroupName!)}>{open === group.GroupName ? 'Hide policies' : 'Show policies'}</Button>}>{group.GroupName}</Header>}
        >
          {open === group.GroupName && <Permissions holder={{ kind: 'group', name: group.GroupName! }} />}
        </Container>
      ))}
    </SpaceBetween>
  );
}

function Body({ user }: { user: I.User }) {
  const name = user.UserName!;
  const [tab, setTab] = useQuery('tab', 'permissions', true);
  const holder = useMemo(() => ({ kind: 'user' as const, name }), [name]);
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Summary</Header>}>
        <KeyValuePairs
          columns={4}
          items={[
            { label: 'ARN', value: <CopyText text={user.Arn} what="ARN" /> },
            { label: 'ID', value: <CopyText text={user.UserId} what="ID" /> },
            { label: 'Created', value: <Time at={user.CreateDate} /> },
            { label: 'Password last used', value: <Time at={user.PasswordLastUsed} /> },
          ]}
        />
      </Container>
      <Tabs
        activeTabId={tab}
        onChange={({ detail }) => setTab(detail.activeTabId)}
        ariaLabel="What to see of the user"
        tabs={[
          { id: 'permissions', label: 'Permissions', content: <Permissions holder={holder} boundary={user.PermissionsBoundary?.PermissionsBoundaryArn} /> },
          { id: 'access', label: 'Password and keys', content: <SpaceBetween size="l"><Password name={name} /><AccessKeys name={name} /></SpaceBetween> },
          { id: 'groups', label: 'Groups', content: <Groups name={name} /> },
        ]}
      />
    </SpaceBetween>
  );
}

export default function User() {
  const name = useParams().name!;
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const user = usePolled(async signal => (await iam().send(new I.GetUserCommand({ UserName: name }), { abortSignal: signal })).User!, [name], { every: 30_000 });
  const remove = async () => {
    await removeUser(name);
    notify('success', `${name} is deleted.`);
    void navigate('/users');
  };
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void user.refresh()} />
            <Button disabled={!user.data} onClick={() => setAsking(true)}>Delete</Button>
            {user.data && <LinkButton to={`/decisions?principal=${encodeURIComponent(user.data.Arn!)}`}>Explain a decision</LinkButton>}
          </SpaceBetween>
        }
      >
        {name}
      </Header>
      {user.error !== undefined && !user.data && <ErrorBox error={user.error} retry={() => void user.refresh()} />}
      {user.loading && <Spinner size="large" />}
      {user.data && <Body user={user.data} />}
      {asking && (
        <Confirm title={`Delete ${name}?`} verb="Delete" type={name} act={remove} close={() => setAsking(false)}>
          Their password, access keys and own policies are deleted with them: whatever works with these keys stops at once.
        </Confirm>
      )}
    </SpaceBetween>
  );
}
