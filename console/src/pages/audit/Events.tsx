import { type Event, type LookupAttributeKey, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import Box from '@cloudscape-design/components/box';
import StatusIndicator from '@cloudscape-design/components/status-indicator';

import { to } from '../../app/navigation';
import { cloudtrail } from '../../aws/cloudtrail';
import { PageLink } from '../../parts/PageLink';
import { type Ask, type Column, ResourceTable } from '../../parts/ResourceTable';
import { exactTime } from '../../parts/Time';

const HOUR = 3600;
const SPANS: Record<string, number> = { LastHour: HOUR, LastDay: 24 * HOUR, LastWeek: 7 * 24 * HOUR, LastMonth: 30 * 24 * HOUR };
const ATTRIBUTES: LookupAttributeKey[] = ['EventName', 'Username', 'ResourceName', 'ResourceType', 'EventSource', 'AccessKeyId', 'ReadOnly', 'EventId'];
// One attribute at a time: LookupEvents takes no more.
const FILTERS = [
  { name: 'by', label: 'Attribute', options: ATTRIBUTES },
  { name: 'value', label: 'Its value, as it is written' },
  { name: 'since', label: 'Time', options: Object.keys(SPANS) },
];

interface Outcome {
  errorCode?: string;
  sourceIPAddress?: string;
}

function recordOf(event: Event): Outcome {
  try {
    return JSON.parse(event.CloudTrailEvent ?? '{}') as Outcome;
  } catch {
    return {};
  }
}

function resources(event: Event): string {
  return (event.Resources ?? []).map(resource => resource.ResourceName).filter(Boolean).join(', ') || '–';
}

const COLUMNS: Column<Event>[] = [
  { id: 'name', header: 'Event', cell: event => <PageLink to={to('audit', event.EventId!)}>{event.EventName}</PageLink> },
  { id: 'time', header: 'Time', cell: event => (event.EventTime ? exactTime(event.EventTime) : '–') },
  { id: 'who', header: 'Who', cell: event => event.Username || '–' },
  { id: 'source', header: 'Service', cell: event => event.EventSource?.replace('.amazonaws.com', '') },
  { id: 'what', header: 'Of what', cell: resources },
  {
    id: 'outcome',
    header: 'Outcome',
    cell: event => {
      const fault = recordOf(event).errorCode;
      return <StatusIndicator type={fault ? 'error' : 'success'}>{fault ?? 'Done'}</StatusIndicator>;
    },
  },
];

async function load({ token, filters, signal }: Ask) {
  const span = SPANS[filters.since ?? ''];
  const key = (filters.by || (filters.value ? 'EventName' : '')) as LookupAttributeKey | '';
  const answer = await cloudtrail().send(
    new LookupEventsCommand({
      MaxResults: 25,
      NextToken: token,
      LookupAttributes: key && filters.value ? [{ AttributeKey: key, AttributeValue: filters.value }] : undefined,
      StartTime: span ? new Date(Date.now() - span * 1000) : undefined,
    }),
    { abortSignal: signal }
  );
  return { items: answer.Events ?? [], next: answer.NextToken };
}

export default function Events() {
  return (
    <ResourceTable
      title="Audit"
      describe="Who did what, when, from where, and whether they might. The newest first; 90 days back."
      columns={COLUMNS}
      id={event => event.EventId!}
      load={load}
      filters={FILTERS}
      every={15_000}
      empty={<Box>Nothing has been recorded in this region yet.</Box>}
    />
  );
}
