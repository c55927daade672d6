import { DeleteRoleCommand, GetRoleCommand, type Role as IamRole, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
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
import { JsonView, pretty } from '../../parts/JsonView';
import { LinkButton } from '../../parts/LinkButton';
import { duration, Time } from '../../parts/Time';
import { decoded } from '../policies/documents';
import { removePolicies } from '../policies/holders';
import { Permissions } from '../policies/Permissions';
import { PolicyDialog } from '../policies/PolicyDialog';
import { trustedBy } from './Roles';

function Trust({ role, refresh }: { role: IamRole; refresh: () => Promise<void> }) {
  const [asking, setAsking] = useState(false);
  const text = decoded(role.AssumeRolePolicyDocument);
  const save = async (_: string, document: string) => {
    await iam().send(new UpdateAssumeRolePolicyCommand({ RoleName: role.RoleName, PolicyDocument: document }));
    notify('success', 'The trust policy is saved.');
    await refresh();
  };
  return (
    <Container header={<Header variant="h2" description={`May be taken by ${trustedBy(role.AssumeRolePolicyDocument)}.`} actions={<Button onClick={() => setAsking(true)}>Edit</Button>}>Trust policy</Header>}>
      <JsonView text={pretty(text)} label="Trust policy" />
      {asking && <PolicyDialog title={`Who may take ${role.RoleName}`} verb="Save" nameless text={text} save={save} close={() => setAsking(false)} />}
    </Container>
  );
}

function Body({ role, refresh }: { role: IamRole; refresh: () => Promise<void> }) {
  const name = role.RoleName!;
  const [tab, setTab] = useQuery('tab', 'permissions', true);
  const holder = useMemo(() => ({ kind: 'role' as const, name }), [name]);
  const used = role.RoleLastUsed?.LastUsedDate;
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2" description={role.Description}>Summary</Header>}>
        <KeyValuePairs
          columns={4}
          items={[
            { label: 'ARN', value: <CopyText text={role.Arn} what="ARN" /> },
            { label: 'Created', value: <Time at={role.CreateDate} /> },
            { label: 'Last used', value: used ? <Time at={used} /> : 'never' },
            { label: 'Sessions last', value: `up to ${duration(role.MaxSessionDuration ?? 3600)}` },
          ]}
        />
      </Container>
      <Tabs
        activeTabId={tab}
        onChange={({ detail }) => setTab(detail.activeTabId)}
        ariaLabel="What to see of the role"
        tabs={[
          { id: 'permissions', label: 'Permissions', content: <Permissions holder={holder} boundary={role.PermissionsBoundary?.PermissionsBoundaryArn} /> },
          { id: 'trust', label: 'Trust', content: <Trust role={role} refresh={refresh} /> },
        ]}
      />
    </SpaceBetween>
  );
}

export default function Role() {
  const name = useParams().name!;
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const role = usePolled(async signal => (await iam().send(new GetRoleCommand({ RoleName: name }), { abortSignal: signal })).Role!, [name], { every: 30_000 });
  const remove = async () => {
    await removePolicies({ kind: 'role', name });
    await iam().send(new DeleteRoleCommand({ RoleName: name }));
    notify('success', `The role ${name} is deleted.`);
    void navigate('/roles');
  };
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void role.refresh()} />
            <Button disabled={!role.data} onClick={() => setAsking(true)}>Delete</Button>
            {role.data && <LinkButton to={`/decisions?principal=${encodeURIComponent(role.data.Arn!)}`}>Explain a decision</LinkButton>}
          </SpaceBetween>
        }
      >
        {name}
      </Header>
      {role.error !== undefined && !role.data && <ErrorBox error={role.error} retry={() => void role.refresh()} />}
      {role.loading && <Spinner size="large" />}
      {role.data && <Body role={role.data} refresh={role.refresh} />}
      {asking && (
        <Confirm title={`Delete ${name}?`} verb="Delete" type={name} act={remove} close={() => setAsking(false)}>
          Jobs and endpoints that work with this role can do nothing more: what runs fails when its credentials end.
        </Confirm>
      )}
    </SpaceBetween>
  );
}
