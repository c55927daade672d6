import { type EndpointConfigSortKey, type EndpointConfigSummary, ListEndpointConfigsCommand } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { to } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { LinkButton } from '../../parts/LinkButton';
import { PageLink } from '../../parts/PageLink';
import { type Ask, type Column, ResourceTable } from '../../parts/ResourceTable';
import { Time } from '../../parts/Time';

const FILTERS = [{ name: 'name', label: 'Find by name' }];
const COLUMNS: Column<EndpointConfigSummary>[] = [
  { id: 'name', header: 'Name', sort: 'Name', cell: one => <PageLink to={to('endpoint-configs', one.EndpointConfigName!)}>{one.EndpointConfigName}</PageLink> },
  { id: 'created', header: 'Created', sort: 'CreationTime', cell: one => <Time at={one.CreationTime} /> },
];

async function load({ token, filters, sort, descending, signal }: Ask) {
  const answer = await sagemaker().send(
    new ListEndpointConfigsCommand({
      MaxResults: 25,
      NextToken: token,
      NameContains: filters.name || undefined,
      SortBy: sort as EndpointConfigSortKey,
      SortOrder: descending ? 'Descending' : 'Ascending',
    }),
    { abortSignal: signal }
  );
  return { items: answer.EndpointConfigs ?? [], next: answer.NextToken };
}

function Empty() {
  return (
    <SpaceBetween size="s" alignItems="center">
      <Box variant="strong">No endpoint configurations yet</Box>
      <Box color="text-body-secondary">A configuration says which models an endpoint serves, and on what. Deploying a model makes one.</Box>
      <LinkButton to="/endpoints/~deploy">Deploy a model</LinkButton>
    </SpaceBetween>
  );
}

export default function Configs() {
  return (
    <ResourceTable
      title="Endpoint configurations"
      columns={COLUMNS}
      id={one => one.EndpointConfigArn!}
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
