import { DescribeLogStreamsCommand, type LogStream } from '@aws-sdk/client-cloudwatch-logs';
import Box from '@cloudscape-design/components/box';
import { useCallback } from 'react';
import { useParams } from 'react-router';

import { to } from '../../app/navigation';
import { logs } from '../../aws/logs';
import { PageLink } from '../../parts/PageLink';
import { type Ask, type Column, ResourceTable } from '../../parts/ResourceTable';
import { Time } from '../../parts/Time';

const at = (milliseconds?: number) => <Time at={milliseconds === undefined ? undefined : new Date(milliseconds)} />;

// By a prefix of the name, or by the last event: the API has no order for both.
const FILTERS = [{ name: 'prefix', label: 'Names that begin with' }];

export default function LogStreams() {
  const group = useParams().group!;
  const columns: Column<LogStream>[] = [
    { id: 'name', header: 'Log stream', cell: stream => <PageLink to={to('logs', group, stream.logStreamName!)}>{stream.logStreamName}</PageLink> },
    { id: 'last', header: 'Last line', cell: stream => at(stream.lastEventTimestamp) },
    { id: 'first', header: 'First line', cell: stream => at(stream.firstEventTimestamp) },
  ];
  const load = useCallback(
    async ({ token, filters, signal }: Ask) => {
      const how = filters.prefix ? { logStreamNamePrefix: filters.prefix } : ({ orderBy: 'LastEventTime', descending: true } as const);
      const answer = await logs().send(new DescribeLogStreamsCommand({ logGroupName: group, limit: 25, nextToken: token, ...how }), { abortSignal: signal });
      return { items: answer.logStreams ?? [], next: answer.nextToken };
    },
    [group]
  );
  return <ResourceTable title={group} columns={columns} id={stream => stream.logStreamName!} load={load} filters={FILTERS} keys={[group]} every={10_000} empty={<Box>This group has no streams.</Box>} />;
}
