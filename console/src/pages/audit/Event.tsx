import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useParams } from 'react-router';

import { cloudtrail } from '../../aws/cloudtrail';
import { usePolled } from '../../aws/usePolled';
import { CopyText } from '../../parts/CopyText';
import { ErrorBox } from '../../parts/ErrorBox';
import { JsonView, pretty } from '../../parts/JsonView';
import { LinkButton } from '../../parts/LinkButton';
import { exactTime } from '../../parts/Time';

interface Recorded {
  eventName?: string;
  eventSource?: string;
  eventTime?: string;
  sourceIPAddress?: string;
  userAgent?: string;
  requestID?: string;
  errorCode?: string;
  errorMessage?: string;
  userIdentity?: { arn?: string; type?: string; userName?: string; accessKeyId?: string };
}

function Summary({ event }: { event: Recorded }) {
  return (
    <Container header={<Header variant="h2">Summary</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: 'Outcome', value: <StatusIndicator type={event.errorCode ? 'error' : 'success'}>{event.errorCode ?? 'Done'}</StatusIndicator> },
          { label: 'Time', value: event.eventTime ? exactTime(new Date(event.eventTime)) : '–' },
          { label: 'Service', value: event.eventSource },
          { label: 'Who', value: <CopyText text={event.userIdentity?.arn ?? event.userIdentity?.userName ?? event.userIdentity?.type} what="identity" /> },
          { label: 'Access key', value: <CopyText text={event.userIdentity?.accessKeyId} what="access key ID" /> },
          { label: 'From', value: event.sourceIPAddress ?? '–' },
          { label: 'With', value: event.userAgent ?? '–' },
          { label: 'Request', value: <CopyText text={event.requestID} what="request's ID" /> },
          ...(event.errorMessage ? [{ label: 'Why not', value: event.errorMessage }] : []),
        ]}
      />
    </Container>
  );
}

// What was recorded does not change: asked for once.
export default function Event() {
  const id = useParams().id!;
  const found = usePolled(
    async signal => {
      const answer = await cloudtrail().send(
        new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: 'EventId', AttributeValue: id }], MaxResults: 1 }),
        { abortSignal: signal }
      );
      return answer.Events?.[0]?.CloudTrailEvent ?? '';
    },
    [id],
    { every: 0 }
  );
  const event = found.data ? (JSON.parse(found.data) as Recorded) : undefined;
  const who = event?.userIdentity;
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={who?.userName && <LinkButton to={`/audit?by=Username&value=${encodeURIComponent(who.userName)}`}>{`All of ${who.userName}`}</LinkButton>}
      >
        {event?.eventName ?? id}
      </Header>
      {found.error !== undefined && <ErrorBox error={found.error} retry={() => void found.refresh()} />}
      {found.loading && <Spinner size="large" />}
      {found.data === '' && <Box>No event has this ID, or it is older than what is looked up.</Box>}
      {event && (
        <SpaceBetween size="l">
          <Summary event={event} />
          <JsonView text={pretty(found.data!)} label="The whole event" />
        </SpaceBetween>
      )}
    </SpaceBetween>
  );
}
