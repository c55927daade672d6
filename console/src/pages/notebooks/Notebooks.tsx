import { ListNotebookInstancesCommand, type NotebookInstanceSortKey, type NotebookInstanceStatus, type NotebookInstanceSummary } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { to } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { LinkButton } from '../../parts/LinkButton';
import { PageLink } from '../../parts/PageLink';
import { type Ask, type Column, ResourceTable } from '../../parts/ResourceTable';
import { StatusBadge } from '../../parts/StatusBadge';
import { Time } from '../../parts/Time';
import { OpenButton } from './OpenButton';

const FILTERS = [
  { name: 'name', label: 'Find by name' },
  { name: 'status', label: 'Status', options: ['InService', 'Pending', 'Stopping', 'Stopped', 'Failed', 'Updating', 'Deleting'] },
];
const COLUMNS: Column<NotebookInstanceSummary>[] = [
  { id: 'name', header: 'Name', sort: 'Name', cell: one => <PageLink to={to('notebooks', one.NotebookInstanceName!)}>{one.NotebookInstanceName}</PageLink> },
  { id: 'status', header: 'Status', sort: 'Status', cell: one => <StatusBadge status={one.NotebookInstanceStatus} /> },
  { id: 'type', header: 'Instance type', cell: one => one.InstanceType ?? '–' },
  { id: 'created', header: 'Created', sort: 'CreationTime', cell: one => <Time at={one.CreationTime} /> },
  { id: 'open', header: 'JupyterLab', cell: one => (one.NotebookInstanceStatus === 'InService' ? <OpenButton name={one.NotebookInstanceName!} variant="inline-link" /> : '–') },
];

async function load({ token, filters, sort, descending, signal }: Ask) {
  const answer = await sagemaker().send(
    new ListNotebookInstancesCommand({
      MaxResults: 25,
      NextToken: token,
      NameContains: filters.name || undefined,
      StatusEquals: (filters.status || undefined) as NotebookInstanceStatus | undefined,
      SortBy: sort as NotebookInstanceSortKey,
      SortOrder: descending ? 'Descending' : 'Ascending',
    }),
    { abortSignal: signal }
  );
  return { items: answer.NotebookInstances ?? [], next: answer.NextToken };
}

function Empty() {
  return (
    <SpaceBetween size="s" alignItems="center">
      <Box variant="strong">No notebook instances yet</Box>
      <Box color="text-body-secondary">A notebook instance is a JupyterLab with the rights of a role, and files that are kept while it is stopped.</Box>
      <LinkButton to="/notebooks/~create">Create a notebook instance</LinkButton>
    </SpaceBetween>
  );
}

export default function Notebooks() {
  return (
    <ResourceTable
      title="Notebook instances"
      columns={COLUMNS}
      id={one => one.NotebookInstanceArn!}
      load={load}
      filters={FILTERS}
      sort="CreationTime"
      empty={<Empty />}
      actions={
        <LinkButton to="/notebooks/~create" variant="primary">
          Create a notebook instance
        </LinkButton>
      }
    />
  );
}
