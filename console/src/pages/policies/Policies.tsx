import { CreatePolicyCommand, ListPoliciesCommand, type Policy, type PolicyScopeType } from '@aws-sdk/client-iam';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';

import { notify } from '../../app/flashes';
import { to, useNavigate } from '../../app/navigation';
import { iam } from '../../aws/iam';
import { LinkButton } from '../../parts/LinkButton';
import { PageLink } from '../../parts/PageLink';
import { type Ask, type Column, ResourceTable } from '../../parts/ResourceTable';
import { scan } from '../../parts/scan';
import { Time } from '../../parts/Time';
import { PolicyDialog } from './PolicyDialog';

export function byAws(arn: string): boolean {
  return arn.startsWith('arn:aws:iam::aws:');
}

const COLUMNS: Column<Policy>[] = [
  { id: 'name', header: 'Name', cell: policy => <PageLink to={to('policies', policy.Arn!)}>{policy.PolicyName}</PageLink> },
  { id: 'by', header: 'Managed by', cell: policy => (byAws(policy.Arn!) ? 'AWS' : 'this account') },
  { id: 'path', header: 'Path', cell: policy => policy.Path },
  { id: 'attached', header: 'Attached to', cell: policy => policy.AttachmentCount ?? 0 },
  { id: 'changed', header: 'Changed', cell: policy => (byAws(policy.Arn!) ? '–' : <Time at={policy.UpdateDate ?? policy.CreateDate} />) },
];

const SCOPES: Record<string, PolicyScopeType> = { ByAws: 'AWS', ByThisAccount: 'Local' };

async function load({ token, filters, signal }: Ask) {
  const wanted = (filters.name ?? '').toLowerCase();
  const page = async (Marker: string | undefined) => {
    const answer = await iam().send(
      new ListPoliciesCommand({ Scope: SCOPES[filters.managed ?? ''] ?? 'All', MaxItems: wanted ? 1000 : 25, Marker }),
      { abortSignal: signal }
    );
    return { items: answer.Policies ?? [], next: answer.IsTruncated ? answer.Marker : undefined };
  };
  return wanted ? scan(page, token, policy => policy.PolicyName!.toLowerCase().includes(wanted)) : page(token);
}

export default function Policies() {
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const save = async (name: string, text: string) => {
    const made = await iam().send(new CreatePolicyCommand({ PolicyName: name, PolicyDocument: text }));
    notify('success', `The policy ${name} is there. Attach it to users and roles on their pages.`);
    void navigate(to('policies', made.Policy!.Arn!));
  };
  return (
    <>
      <ResourceTable
        title="Policies"
        columns={COLUMNS}
        id={policy => policy.Arn!}
        load={load}
        filters={[{ name: 'name', label: 'Find by name' }, { name: 'managed', label: 'Origin', options: Object.keys(SCOPES) }]}
        every={15_000}
        empty={<Box>No policies.</Box>}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <LinkButton to="/decisions">Explain a decision</LinkButton>
            <Button variant="primary" onClick={() => setAsking(true)}>
              Create a policy
            </Button>
          </SpaceBetween>
        }
      />
      {asking && <PolicyDialog title="Create a policy" verb="Create" save={save} close={() => setAsking(false)} />}
    </>
  );
}
