import { DescribeEndpointCommand, type DescribeEndpointOutput } from '@aws-sdk/client-sagemaker';
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useParams } from 'react-router';

import { notify } from '../../app/flashes';
import { to, useNavigate, useQuery } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { usePolled } from '../../aws/usePolled';
import { CopyText } from '../../parts/CopyText';
import { Loaded } from '../../parts/Loading';
import { LogView } from '../../parts/LogView';
import { PageLink } from '../../parts/PageLink';
import { S3Link } from '../../parts/S3Link';
import { StatusBadge } from '../../parts/StatusBadge';
import { Time } from '../../parts/Time';
import { DeleteEndpoint } from './DeleteEndpoint';
import { Monitor } from './Monitor';
import { TryIt } from './TryIt';
import { UpdateEndpoint } from './UpdateEndpoint';
import { Variants } from './Variants';

const CHANGING = ['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting'];

function Summary({ endpoint }: { endpoint: DescribeEndpointOutput }) {
  const config = endpoint.EndpointConfigName;
  const capture = endpoint.DataCaptureConfig;
  return (
    <Container header={<Header variant="h2">Summary</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: 'Status', value: <StatusBadge status={endpoint.EndpointStatus} /> },
          { label: 'Configuration', value: config ? <PageLink to={to('endpoint-configs', config)}>{config}</PageLink> : '–' },
          { label: 'ARN', value: <CopyText text={endpoint.EndpointArn} what="ARN" /> },
          { label: 'Created', value: <Time at={endpoint.CreationTime} /> },
          { label: 'Changed', value: <Time at={endpoint.LastModifiedTime} /> },
          {
            label: 'Data capture',
            value:
              capture?.CaptureStatus === 'Started' ? (
                <>
                  {capture.CurrentSamplingPercentage} % to <S3Link uri={capture.DestinationS3Uri} />
                </>
              ) : (
                'Off'
              ),
          },
        ]}
      />
    </Container>
  );
}

function Parts({ endpoint, refresh }: { endpoint: DescribeEndpointOutput; refresh: () => Promise<void> }) {
  const [tab, setTab] = useQuery('tab', 'overview');
  const name = endpoint.EndpointName!;
  const variants = (endpoint.ProductionVariants ?? []).map(one => one.VariantName!);
  const ready = ['InService', 'Updating', 'SystemUpdating', 'RollingBack'].includes(endpoint.EndpointStatus ?? '');
  const content: Record<string, () => React.ReactNode> = {
    overview: () => (
      <SpaceBetween size="l">
        <Summary endpoint={endpoint} />
        {variants.length > 0 && <Variants endpoint={endpoint} changed={refresh} />}
      </SpaceBetween>
    ),
    monitor: () => <Monitor endpoint={name} variants={variants} />,
    try: () => <TryIt endpoint={name} variants={variants} ready={ready} />,
    logs: () => <LogView group={`/aws/sagemaker/Endpoints/${name}`} prefix="" live />,
  };
  const tabs = [
    { id: 'overview', label: 'Overview' },
    { id: 'monitor', label: 'Monitor' },
    { id: 'try', label: 'Try it' },
    { id: 'logs', label: 'Logs' },
  ];
  return (
    <Tabs
      ariaLabel="Of this endpoint"
      activeTabId={tab}
      onChange={({ detail }) => setTab(detail.activeTabId)}
      tabs={tabs.map(one => ({ ...one, content: one.id === tab ? content[one.id]!() : null }))}
    />
  );
}

export default function Endpoint() {
  const name = useParams().name!;
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<'' | 'delete' | 'update'>('');
  const endpoint = usePolled(
    signal => sagemaker().send(new DescribeEndpointCommand({ EndpointName: name }), { abortSignal: signal }),
    [name],
    { next: data => (CHANGING.includes(data.EndpointStatus ?? '') ? 1500 : 10_000) }
  );
  const status = endpoint.data?.EndpointStatus;
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        info={status && <StatusBadge status={status} />}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void endpoint.refresh()} />
            <Button disabled={status !== 'InService'} onClick={() => setDialog('update')}>
              Update
            </Button>
            <Button disabled={!endpoint.data || status === 'Deleting'} onClick={() => setDialog('delete')}>
              Delete
            </Button>
          </SpaceBetween>
        }
      >
        {name}
      </Header>
      {endpoint.data?.FailureReason && (
        <Alert type="error" statusIconAriaLabel="Error" header={status === 'Failed' ? 'It could not be brought up' : 'The last change failed'}>
          {endpoint.data.FailureReason}
        </Alert>
      )}
      <Loaded of={endpoint} doing={name}>
        {known => <Parts endpoint={known} refresh={endpoint.refresh} />}
      </Loaded>
      {dialog === 'update' && <UpdateEndpoint endpoint={name} updated={endpoint.refresh} close={() => setDialog('')} />}
      {dialog === 'delete' && (
        <DeleteEndpoint
          endpoint={name}
          config={endpoint.data?.EndpointConfigName}
          close={() => setDialog('')}
          deleted={() => {
            notify('info', `Endpoint ${name} is being deleted.`);
            void navigate('/endpoints');
          }}
        />
      )}
    </SpaceBetween>
  );
}
