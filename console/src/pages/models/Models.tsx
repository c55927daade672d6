import { ListModelsCommand, type ModelSortKey, type ModelSummary } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { to } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { LinkButton } from '../../parts/LinkButton';
import { PageLink } from '../../parts/PageLink';
import { type Ask, type Column, ResourceTable } from '../../parts/ResourceTable';
import { Time } from '../../parts/Time';

const FILTERS = [{ name: 'name', label: 'Find by name' }];
const COLUMNS: Column<ModelSummary>[] = [
  { id: 'name', header: 'Name', sort: 'Name', cell: model => <PageLink to={to('models', model.ModelName!)}>{model.ModelName}</PageLink> },
  { id: 'created', header: 'Created', sort: 'CreationTime', cell: model => <Time at={model.CreationTime} /> },
];

async function load({ token, filters, sort, descending, signal }: Ask) {
  const answer = await sagemaker().send(
    new ListModelsCommand({
      MaxResults: 25,
      NextToken: token,
      NameContains: filters.name || undefined,
      SortBy: sort as ModelSortKey,
      SortOrder: descending ? 'Descending' : 'Ascending',
    }),
    { abortSignal: signal }
  );
  return { items: answer.Models ?? [], next: answer.NextToken };
}

function Empty() {
  return (
    <SpaceBetween size="s" alignItems="center">
      <Box variant="strong">No models yet</Box>
      <Box color="text-body-secondary">A model is what a training job has made, with the image that serves it.</Box>
      <LinkButton to="/models/~create">Create a model</LinkButton>
    </SpaceBetween>
  );
}

export default function Models() {
  return (
    <ResourceTable
      title="Models"
      columns={COLUMNS}
      id={model => model.ModelArn!}
      load={load}
      filters={FILTERS}
      sort="CreationTime"
      empty={<Empty />}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <LinkButton to="/endpoints/~deploy">Deploy</LinkButton>
          <LinkButton to="/models/~create" variant="primary">
            Create a model
          </LinkButton>
        </SpaceBetween>
      }
    />
  );
}
