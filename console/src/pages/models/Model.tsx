import { type ContainerDefinition, DeleteModelCommand, DescribeModelCommand, type DescribeModelOutput } from '@aws-sdk/client-sagemaker';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useParams } from 'react-router';

import { notify } from '../../app/flashes';
import { useNavigate } from '../../app/navigation';
import { sagemaker } from '../../aws/sagemaker';
import { usePolled } from '../../aws/usePolled';
import { Confirm } from '../../parts/Confirm';
import { CopyText } from '../../parts/CopyText';
import { LinkButton } from '../../parts/LinkButton';
import { Loaded } from '../../parts/Loading';
import { S3Link } from '../../parts/S3Link';
import { Time } from '../../parts/Time';

function artifactOf(container: ContainerDefinition): string | undefined {
  return container.ModelDataUrl ?? container.ModelDataSource?.S3DataSource?.S3Uri;
}

function OneContainer({ container, title }: { container: ContainerDefinition; title: string }) {
  const environment = Object.entries(container.Environment ?? {});
  return (
    <Container header={<Header variant="h2">{title}</Header>}>
      <KeyValuePairs
        columns={2}
        items={[
          { label: 'Image', value: <CopyText text={container.Image ?? container.ModelPackageName} what="image" /> },
          { label: 'Model data', value: <S3Link uri={artifactOf(container)} /> },
          { label: 'Mode', value: container.Mode ?? 'SingleModel' },
          {
            label: 'Environment',
            value: environment.length === 0 ? 'None' : <SpaceBetween size="xxs">{environment.map(([name, value]) => <div key={name}>{name} = {value}</div>)}</SpaceBetween>,
          },
        ]}
      />
    </Container>
  );
}

function Details({ model }: { model: DescribeModelOutput }) {
  const containers = model.PrimaryContainer ? [model.PrimaryContainer] : (model.Containers ?? []);
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Summary</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'Created', value: <Time at={model.CreationTime} /> },
            { label: 'ARN', value: <CopyText text={model.ModelArn} what="ARN" /> },
            { label: 'Role', value: <CopyText text={model.ExecutionRoleArn} what="role" /> },
            { label: 'Network isolation', value: model.EnableNetworkIsolation ? 'On' : 'Off' },
            { label: 'VPC', value: model.VpcConfig ? model.VpcConfig.Subnets?.join(', ') : 'None' },
          ]}
        />
      </Container>
      {containers.map((container, index) => (
        <OneContainer key={index} container={container} title={containers.length === 1 ? 'Container' : `Container ${index + 1}`} />
      ))}
    </SpaceBetween>
  );
}

export default function Model() {
  const name = useParams().name!;
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  const model = usePolled(signal => sagemaker().send(new DescribeModelCommand({ ModelName: name }), { abortSignal: signal }), [name], { every: 30_000 });
  const remove = async () => {
    await sagemaker().send(new DeleteModelCommand({ ModelName: name }));
    notify('success', `Model ${name} was deleted.`);
    void navigate('/models');
  };
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button disabled={!model.data} onClick={() => setDeleting(true)}>
              Delete
            </Button>
            <LinkButton to={`/endpoints/~deploy?${new URLSearchParams({ model: name })}`} variant="primary">
              Deploy
            </LinkButton>
          </SpaceBetween>
        }
      >
        {name}
      </Header>
      <Loaded of={model} doing={name}>
        {known => <Details model={known} />}
      </Loaded>
      {deleting && (
        <Confirm title={`Delete the model ${name}?`} verb="Delete" act={remove} close={() => setDeleting(false)}>
          Its files in S3 stay. Endpoints that serve it go on; configurations that name it cannot be deployed any more.
        </Confirm>
      )}
    </SpaceBetween>
  );
}
