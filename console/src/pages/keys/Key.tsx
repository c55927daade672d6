import * as K from '@aws-sdk/client-kms';
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import ButtonDropdown from '@cloudscape-design/components/button-dropdown';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useState } from 'react';
import { useParams } from 'react-router';

import { notify } from '../../app/flashes';
import { kms } from '../../aws/kms';
import { usePolled } from '../../aws/usePolled';
import { Confirm } from '../../parts/Confirm';
import { CopyText } from '../../parts/CopyText';
import { ErrorBox } from '../../parts/ErrorBox';
import { StatusBadge } from '../../parts/StatusBadge';
import { exactTime, Time } from '../../parts/Time';
import { Aliases } from './Aliases';
import { Deletion } from './Deletion';
import { KeyPolicy } from './KeyPolicy';
import { useOf } from './Keys';
import { isOurs, rotates } from './kms';
import { Rotation } from './Rotation';

function Summary({ key_: key }: { key_: K.KeyMetadata }) {
  return (
    <Container header={<Header variant="h2">Summary</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: 'State', value: <StatusBadge status={key.KeyState} /> },
          { label: 'For', value: useOf(key.KeyUsage) },
          { label: 'Kind', value: key.KeySpec },
          { label: 'Managed by', value: isOurs(key) ? 'this account' : 'the server' },
          { label: 'Created', value: <Time at={key.CreationDate} /> },
          { label: 'ARN', value: <CopyText text={key.Arn} what="ARN" /> },
        ]}
      />
    </Container>
  );
}

type Asking = '' | 'disable' | 'delete';

function Actions({ shown, ask, run }: { shown: K.KeyMetadata; ask: (what: Asking) => void; run: (work: () => Promise<unknown>, words: string) => Promise<void> }) {
  const KeyId = shown.KeyId;
  const state = shown.KeyState;
  if (!isOurs(shown)) return null;
  if (state === 'PendingDeletion') {
    const cancel = () => run(() => kms().send(new K.CancelKeyDeletionCommand({ KeyId })), 'The key stays. It is disabled: enable it to use it again.');
    return <Button variant="primary" onClick={() => void cancel()}>Cancel the deletion</Button>;
  }
  const chosen = (id: string) => {
    if (id === 'enable') void run(() => kms().send(new K.EnableKeyCommand({ KeyId })), 'The key is enabled.');
    else ask(id as Asking);
  };
  return (
    <ButtonDropdown
      items={[
        { id: 'enable', text: 'Enable', disabled: state === 'Enabled' },
        { id: 'disable', text: 'Disable', disabled: state !== 'Enabled' },
        { id: 'delete', text: 'Schedule deletion' },
      ]}
      onItemClick={({ detail }) => chosen(detail.id)}
    >
      Actions
    </ButtonDropdown>
  );
}

export default function Key() {
  const id = useParams().id!;
  const [asking, setAsking] = useState<Asking>('');
  const key = usePolled(async signal => (await kms().send(new K.DescribeKeyCommand({ KeyId: id }), { abortSignal: signal })).KeyMetadata!, [id], { every: 15_000 });
  const run = async (work: () => Promise<unknown>, words: string) => {
    try {
      await work();
      notify('success', words);
      await key.refresh();
    } catch (error) {
      notify('error', <ErrorBox error={error} />);
    }
  };
  const disable = async () => {
    await kms().send(new K.DisableKeyCommand({ KeyId: id }));
    await key.refresh();
  };
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        description={key.data?.Description}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void key.refresh()} />
            {key.data && <Actions shown={key.data} ask={setAsking} run={run} />}
          </SpaceBetween>
        }
      >
        {id}
      </Header>
      {key.error !== undefined && !key.data && <ErrorBox error={key.error} retry={() => void key.refresh()} />}
      {key.loading && <Spinner size="large" />}
      {key.data?.KeyState === 'PendingDeletion' && (
        <Alert type="warning" statusIconAriaLabel="Warning" header="This key is going to be deleted">
          {key.data.DeletionDate ? `On ${exactTime(key.data.DeletionDate)}. ` : ''}Until then nothing can be encrypted or decrypted with it; afterwards nobody can ever read what it encrypted.
        </Alert>
      )}
      {key.data && (
        <SpaceBetween size="l">
          <Summary key_={key.data} />
          <Aliases id={id} ours={isOurs(key.data)} />
          {rotates(key.data) && <Rotation id={id} state={key.data.KeyState} />}
          <KeyPolicy id={id} ours={isOurs(key.data)} />
        </SpaceBetween>
      )}
      {asking === 'disable' && (
        <Confirm title="Disable the key?" verb="Disable" act={disable} close={() => setAsking('')}>
          What it encrypted cannot be read until it is enabled again: objects, volumes and outputs that name it.
        </Confirm>
      )}
      {asking === 'delete' && <Deletion id={id} done={key.refresh} close={() => setAsking('')} />}
    </SpaceBetween>
  );
}
