import { DescribeLogGroupsCommand, type LogGroup } from '@aws-sdk/client-cloudwatch-logs';
import Box from '@cloudscape-design/components/box';

import { to } from '../../app/navigation';
import { logs } from '../../aws/logs';
import { byteText } from '../../parts/numbers';
import { PageLink } from '../../parts/PageLink';
import { type Ask, type Column, ResourceTable } from '../../parts/ResourceTable';
import { Time } from '../../parts/Time';

const COLUMNS: Column<LogGroup>[] = [
  { id: 'name', header: 'Log group', cell: group => <PageLink to={to('logs', group.logGroupName!)}>{group.logGroupName}</PageLink> },
  { id: 'bytes', header: 'Stored', cell: group => (group.storedBytes === undefined ? '–' : byteText(group.storedBytes)) },
  { id: 'kept', header: 'Kept for', cell: group => (group.retentionInDays ? `${group.retentionInDays} days` : 'ever') },
  { id: 'created', header: 'Created', cell: group => <Time at={group.creationTime === undefined ? undefined : new Date(group.creationTime)} /> },
];

async function load({ token, filters, signal }: Ask) {
  const answer = await logs().send(
    new DescribeLogGroupsCommand({ limit: 25, nextToken: token, logGroupNamePattern: filters.name || undefined }),
    { abortSignal: signal }
  );
  return { items: answer.logGroups ?? [], next: answer.nextToken };
}

export default function LogGroups() {
  return (
    <ResourceTable
      title="Logs"
      columns={COLUMNS}
      id={group => group.logGroupName!}
      load={load}
      filters={[{ name: 'name', label: 'Find by name' }]}
      every={15_000}
      empty={<Box>Nothing has been logged yet. Jobs and endpoints write here.</Box>}
    />
  );
}
