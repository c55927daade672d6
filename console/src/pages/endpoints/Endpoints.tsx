import { type EndpointSortKey, type EndpointStatus, type EndpointSummary, ListEndpointsCommand } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { to } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { LinkButton } from '../../parts/LinkButton';
import { PageLink } from '../../parts/PageLink';
import { type Ask, type Column, ResourceTable } from '../../parts/ResourceTable';
import { StatusBadge } from '../../parts/StatusBadge';
import { Time } from '../../parts/Time';

const FILTERS = [
  { name: 'name', label: 'Find by name' },
  { name: 'status', label: 'Status', options: ['InService', 'Creating', 'Updating', 'RollingBack', 'Deleting', 'Failed', 'OutOfService', 'UpdateRollbackFailed'] },
];
const COLUMNS: Column<EndpointSummary>[] = [
  { id: 'name', header: 'Name', sort: 'Name', cell: one => <PageLink to={to('endpoints', one.EndpointName!)}>{one.EndpointName}</PageLink> },
  { id: 'status', header: 'Status', sort: 'Status', cell: one => <StatusBadge status={one.EndpointStatus} /> },
  { id: 'created', header: 'Created', sort: 'CreationTime', cell: one => <Time at={one.CreationTime} /> },
  { id: 'changed', header: 'Changed', cell: one => <Time at={one.LastModifiedTime} /> },
];

async function load({ token, filters, sort, descending, signal }: Ask) {
  const answer = await sagemaker().send(
    new ListEndpointsCommand({
      MaxResults: 25,
      NextToken: token,
      NameContains: filters.name || undefined,
      StatusEquals: (filters.status || undefined) as EndpointStatus | undefined,
      SortBy: sort as EndpointSortKey,
      SortOrder: descending ? 'Descending' : 'Ascending',
    }),
    { abortSignal: signal }
  );
  return { items: answer.Endpoints ?? [], next: answer.NextToken };
}

function Empty() {
  return (
    <SpaceBetween size="s" alignItems="center">
      <Box variant="strong">No endpoints yet</Box>
      <Box color="text-body-secondary">An endpoint keeps a model ready and answers with predictions.</Box>
      <LinkButton to="/endpoints/~deploy">Deploy a model</LinkButton>
    </SpaceBetween>
  );
}

export default function Endpoints() {
  return (
    <ResourceTable
      title="Endpoints"
      columns={COLUMNS}
      id={one => one.EndpointArn!}
      load={load}
      filters={FILTERS}
      sort="CreationTime"
      empty={<Empty />}
      actions={
        <LinkButton to="/endpoints/~deploy" variant="primary">
          Deploy a model
        </LinkButton>
      }
    />
  );
}
