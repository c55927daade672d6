import * as I from '@aws-sdk/client-iam';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';
import { useParams } from 'react-router';

import { notify } from '../../app/flashes';
import { to, useNavigate, useQuery } from '../../app/navigation';
import { iam } from '../../aws/iam';
import { usePolled } from '../../aws/usePolled';
import { Confirm } from '../../parts/Confirm';
import { CopyText } from '../../parts/CopyText';
import { ErrorBox } from '../../parts/ErrorBox';
import { JsonView, pretty } from '../../parts/JsonView';
import { PageLink } from '../../parts/PageLink';
import { all } from '../../parts/scan';
import { exactTime, Time } from '../../parts/Time';
import { decoded, documentOf } from './documents';
import { byAws } from './Policies';
import { PolicyDialog } from './PolicyDialog';

interface Entity {
  kind: 'users' | 'roles' | 'groups';
  name: string;
}

async function entitiesOf(arn: string, signal: AbortSignal): Promise<Entity[]> {
  return all(async Marker => {
    const answer = await iam().send(new I.ListEntitiesForPolicyCommand({ PolicyArn: arn, Marker }), { abortSignal: signal });
    const items: Entity[] = [
      ...(answer.PolicyUsers ?? []).map(user => ({ kind: 'users' as const, name: user.UserName! })),
      ...(answer.PolicyRoles ?? []).map(role => ({ kind: 'roles' as const, name: role.RoleName! })),
      ...(answer.PolicyGroups ?? []).map(group => ({ kind: 'groups' as const, name: group.GroupName! })),
    ];
    return { items, next: answer.IsTruncated ? answer.Marker : undefined };
  });
}

function Attached({ arn }: { arn: string }) {
  const entities = usePolled(signal => entitiesOf(arn, signal), [arn], { every: 30_000 });
  if (entities.error !== undefined && !entities.data) return <ErrorBox error={entities.error} retry={() => void entities.refresh()} />;
  return (
    <Table
      variant="container"
      header={<Header variant="h2">Attached to</Header>}
      items={entities.data ?? []}
      loading={entities.loading}
      loadingText="Loading"
      trackBy={one => `${one.kind}/${one.name}`}
      ariaLabels={{ tableLabel: 'Attached to' }}
      empty={<Box>Nobody.</Box>}
      columnDefinitions={[
        { id: 'name', header: 'Name', isRowHeader: true, cell: one => (one.kind === 'groups' ? one.name : <PageLink to={to(one.kind, one.name)}>{one.name}</PageLink>) },
        { id: 'kind', header: 'Kind', cell: one => ({ users: 'User', roles: 'Role', groups: 'Group' })[one.kind] },
      ]}
    />
  );
}

function Versions({ policy, refresh }: { policy: I.Policy; refresh: () => Promise<void> }) {
  const arn = policy.Arn!;
  const [wanted, setWanted] = useQuery('version', policy.DefaultVersionId);
  const [asking, setAsking] = useState(false);
  const versions = usePolled(
    async signal => (await iam().send(new I.ListPolicyVersionsCommand({ PolicyArn: arn }), { abortSignal: signal })).Versions ?? [],
    [arn, policy.DefaultVersionId],
    { every: 30_000 }
  );
  const document = usePolled(
    async signal => decoded((await iam().send(new I.GetPolicyVersionCommand({ PolicyArn: arn, VersionId: wanted }), { abortSignal: signal })).PolicyVersion?.Document),
    [arn, wanted],
    { every: 0 }
  );
  const options = (versions.data ?? []).map(version => ({
    value: version.VersionId!,
    label: version.VersionId! + (version.IsDefaultVersion ? ' (counts)' : ''),
    description: version.CreateDate ? exactTime(version.CreateDate) : undefined,
  }));
  const makeDefault = async () => {
    try {
      await iam().send(new I.SetDefaultPolicyVersionCommand({ PolicyArn: arn, VersionId: wanted }));
      notify('success', `${wanted} counts from now on.`);
      await refresh();
    } catch (error) {
      notify('error', <ErrorBox error={error} />);
    }
  };
  const save = async (_: string, text: string) => {
    await iam().send(new I.CreatePolicyVersionCommand({ PolicyArn: arn, PolicyDocument: text, SetAsDefault: true }));
    notify('success', 'The new version counts from now on.');
    setWanted('');
    await refresh();
  };
  const own = !byAws(arn);
  const actions = (
    <SpaceBetween direction="horizontal" size="xs">
      <Select ariaLabel="Version" selectedOption={options.find(one => one.value === wanted) ?? null} options={options} onChange={({ detail }) => setWanted(detail.selectedOption.value ?? '')} placeholder={wanted} />
      {own && wanted !== policy.DefaultVersionId && <Button onClick={() => void makeDefault()}>Let this one count</Button>}
      {own && <Button disabled={document.data === undefined} onClick={() => setAsking(true)}>Edit</Button>}
    </SpaceBetween>
  );
  return (
    <Container header={<Header variant="h2" actions={actions}>Document</Header>}>
      {document.error !== undefined && !document.data && <ErrorBox error={document.error} retry={() => void document.refresh()} />}
      {document.loading && <Spinner />}
      {document.data !== undefined && <JsonView text={pretty(document.data)} label={`Document of ${policy.PolicyName}`} />}
      {asking && <PolicyDialog title={`A new version of ${policy.PolicyName}`} verb="Save" name={policy.PolicyName} text={document.data} save={save} close={() => setAsking(false)} />}
    </Container>
  );
}

// IAM deletes only a policy that nobody has, and its other versions first.
async function removePolicy(arn: string) {
  const { Versions: versions } = await iam().send(new I.ListPolicyVersionsCommand({ PolicyArn: arn }));
  const entities = await entitiesOf(arn, new AbortController().signal);
  if (entities.length === 0) {
    for (const version of versions ?? []) {
      if (!version.IsDefaultVersion) await iam().send(new I.DeletePolicyVersionCommand({ PolicyArn: arn, VersionId: version.VersionId }));
    }
  }
  await iam().send(new I.DeletePolicyCommand({ PolicyArn: arn }));
}

export default function Policy() {
  const arn = useParams().arn!;
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const policy = usePolled(async signal => (await documentOf(arn, signal)).policy, [arn], { every: 30_000 });
  const name = arn.slice(arn.lastIndexOf('/') + 1);
  const remove = async () => {
    await removePolicy(arn);
    notify('success', `The policy ${name} is deleted.`);
    void navigate('/policies');
  };
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        description={policy.data?.Description}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void policy.refresh()} />
            {!byAws(arn) && <Button disabled={!policy.data} onClick={() => setAsking(true)}>Delete</Button>}
          </SpaceBetween>
        }
      >
        {name}
      </Header>
      {policy.error !== undefined && !policy.data && <ErrorBox error={policy.error} retry={() => void policy.refresh()} />}
      {policy.loading && <Spinner size="large" />}
      {policy.data && (
        <SpaceBetween size="l">
          <Container header={<Header variant="h2">Summary</Header>}>
            <KeyValuePairs
              columns={3}
              items={[
                { label: 'ARN', value: <CopyText text={arn} what="ARN" /> },
                { label: 'Managed by', value: byAws(arn) ? 'AWS' : 'this account' },
                { label: 'Changed', value: byAws(arn) ? '–' : <Time at={policy.data.UpdateDate} /> },
              ]}
            />
          </Container>
          <Versions policy={policy.data} refresh={policy.refresh} />
          <Attached arn={arn} />
        </SpaceBetween>
      )}
      {asking && (
        <Confirm title={`Delete ${name}?`} verb="Delete" type={name} act={remove} close={() => setAsking(false)}>
          All of its versions are deleted. A policy that is attached to somebody is not.
        </Confirm>
      )}
    </SpaceBetween>
  );
}
