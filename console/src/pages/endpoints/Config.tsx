import {
  CreateEndpointCommand,
  DeleteEndpointConfigCommand,
  DescribeEndpointConfigCommand,
  type DescribeEndpointConfigOutput,
  type ProductionVariant,
} from '@aws-sdk/client-sagemaker';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';
import { useParams } from 'react-router';

import { notify } from '../../app/flashes';
import { to, useNavigate } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { usePolled } from '../../aws/usePolled';
import { Confirm } from '../../parts/Confirm';
import { CopyText } from '../../parts/CopyText';
import { Loaded } from '../../parts/Loading';
import { PageLink } from '../../parts/PageLink';
import { S3Link } from '../../parts/S3Link';
import { Time } from '../../parts/Time';
import { NAME_RULE } from '../models/draft';

function Variants({ variants }: { variants: ProductionVariant[] }) {
  return (
    <Table<ProductionVariant>
      items={variants}
      trackBy="VariantName"
      wrapLines
      header={<Header variant="h2">Variants</Header>}
      ariaLabels={{ tableLabel: 'Variants' }}
      columnDefinitions={[
        { id: 'name', header: 'Variant', isRowHeader: true, cell: one => one.VariantName },
        { id: 'model', header: 'Model', cell: one => (one.ModelName ? <PageLink to={to('models', one.ModelName)}>{one.ModelName}</PageLink> : '–') },
        { id: 'type', header: 'Instance type', cell: one => one.InstanceType ?? (one.ServerlessConfig ? 'Serverless' : '–') },
        { id: 'count', header: 'Instances', cell: one => one.InitialInstanceCount ?? '–' },
        { id: 'weight', header: 'Weight', cell: one => one.InitialVariantWeight ?? 1 },
      ]}
    />
  );
}

function Details({ config }: { config: DescribeEndpointConfigOutput }) {
  const capture = config.DataCaptureConfig;
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Summary</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'Created', value: <Time at={config.CreationTime} /> },
            { label: 'ARN', value: <CopyText text={config.EndpointConfigArn} what="ARN" /> },
            { label: 'Volume key', value: config.KmsKeyId ?? 'None of its own' },
            { label: 'Data capture', value: capture?.EnableCapture ? <S3Link uri={capture.DestinationS3Uri} /> : 'Off' },
          ]}
        />
      </Container>
      <Variants variants={config.ProductionVariants ?? []} />
    </SpaceBetween>
  );
}

function DeployDialog({ config, close }: { config: string; close: () => void }) {
  const [name, setName] = useState(config);
  const navigate = useNavigate();
  const deploy = async () => {
    await sagemaker().send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: config }));
    void navigate(to('endpoints', name));
  };
  return (
    <Confirm title={`Deploy ${config}`} verb="Deploy" act={deploy} close={close}>
      <FormField label="Endpoint name" constraintText={NAME_RULE}>
        <Input value={name} spellcheck={false} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
    </Confirm>
  );
}

export default function Config() {
  const name = useParams().name!;
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<'' | 'delete' | 'deploy'>('');
  const config = usePolled(
    signal => sagemaker().send(new DescribeEndpointConfigCommand({ EndpointConfigName: name }), { abortSignal: signal }),
    [name],
    { every: 30_000 }
  );
  const remove = async () => {
    await sagemaker().send(new DeleteEndpointConfigCommand({ EndpointConfigName: name }));
    notify('success', `Configuration ${name} was deleted.`);
    void navigate('/endpoint-configs');
  };
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button disabled={!config.data} onClick={() => setDialog('delete')}>
              Delete
            </Button>
            <Button variant="primary" disabled={!config.data} onClick={() => setDialog('deploy')}>
              Deploy
            </Button>
          </SpaceBetween>
        }
      >
        {name}
      </Header>
      <Loaded of={config} doing={name}>
        {known => <Details config={known} />}
      </Loaded>
      {dialog === 'deploy' && <DeployDialog config={name} close={() => setDialog('')} />}
      {dialog === 'delete' && (
        <Confirm title={`Delete the configuration ${name}?`} verb="Delete" act={remove} close={() => setDialog('')}>
          Endpoints that were made from it go on.
        </Confirm>
      )}
    </SpaceBetween>
  );
}
