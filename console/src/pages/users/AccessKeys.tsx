import * as I from '@aws-sdk/client-iam';
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';

import { notify } from '../../app/flashes';
import { iam } from '../../aws/iam';
import { usePolled } from '../../aws/usePolled';
import { CodeSample } from '../../parts/CodeSample';
import { Confirm } from '../../parts/Confirm';
import { CopyText } from '../../parts/CopyText';
import { ErrorBox } from '../../parts/ErrorBox';
import { StatusBadge } from '../../parts/StatusBadge';
import { Time } from '../../parts/Time';

type Key = I.AccessKeyMetadata & { used?: Date; service?: string };

async function keysOf(name: string, signal: AbortSignal): Promise<Key[]> {
  const answer = await iam().send(new I.ListAccessKeysCommand({ UserName: name, MaxItems: 100 }), { abortSignal: signal });
  return Promise.all(
    (answer.AccessKeyMetadata ?? []).map(async key => {
      try {
        const last = await iam().send(new I.GetAccessKeyLastUsedCommand({ AccessKeyId: key.AccessKeyId }), { abortSignal: signal });
        return { ...key, used: last.AccessKeyLastUsed?.LastUsedDate, service: last.AccessKeyLastUsed?.ServiceName };
      } catch {
        return key; // who may list keys need not know of their use
      }
    })
  );
}

// The secret is never told again.
function Fresh({ made, close }: { made: I.AccessKey; close: () => void }) {
  const [shown, setShown] = useState(false);
  const lines = `export AWS_ENDPOINT_URL=${location.origin}\nexport AWS_ACCESS_KEY_ID=${made.AccessKeyId}\nexport AWS_SECRET_ACCESS_KEY=${made.SecretAccessKey}`;
  return (
    <Modal visible size="large" header="The new access key" closeAriaLabel="Close" onDismiss={close} footer={<Box float="right"><Button variant="primary" onClick={close}>I have kept it</Button></Box>}>
      <SpaceBetween size="m">
        <Alert type="warning" statusIconAriaLabel="Warning">The secret is shown this once. Who has it can do what {made.UserName} may do.</Alert>
        <KeyValuePairs
          columns={2}
          items={[
            { label: 'Access key ID', value: <CopyText text={made.AccessKeyId} what="access key ID" /> },
            { label: 'Secret access key', value: shown ? <CopyText text={made.SecretAccessKey} what="secret access key" /> : <Button variant="inline-link" onClick={() => setShown(true)}>Show</Button> },
          ]}
        />
        {shown && <CodeSample code={lines} label="For the shell" />}
      </SpaceBetween>
    </Modal>
  );
}

export function AccessKeys({ name }: { name: string }) {
  const [made, setMade] = useState<I.AccessKey>();
  const [busy, setBusy] = useState(false);
  const [removing, setRemoving] = useState('');
  const keys = usePolled(signal => keysOf(name, signal), [name], { every: 30_000 });
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    try {
      await work();
      await keys.refresh();
    } catch (error) {
      notify('error', <ErrorBox error={error} />);
    }
    setBusy(false);
  };
  const create = () => run(async () => setMade((await iam().send(new I.CreateAccessKeyCommand({ UserName: name }))).AccessKey));
  const turn = (key: Key) =>
    run(async () => {
      await iam().send(new I.UpdateAccessKeyCommand({ UserName: name, AccessKeyId: key.AccessKeyId, Status: key.Status === 'Active' ? 'Inactive' : 'Active' }));
    });
  const remove = async () => {
    await iam().send(new I.DeleteAccessKeyCommand({ UserName: name, AccessKeyId: removing }));
    await keys.refresh();
  };
  if (keys.error !== undefined && !keys.data) return <ErrorBox error={keys.error} retry={() => void keys.refresh()} />;
  return (
    <>
      <Table
        variant="container"
        header={<Header variant="h2" actions={<Button loading={busy} loadingText="Working" onClick={() => void create()}>Create an access key</Button>}>Access keys</Header>}
        items={keys.data ?? []}
        loading={keys.loading}
        loadingText="Loading access keys"
        trackBy="AccessKeyId"
        ariaLabels={{ tableLabel: 'Access keys' }}
        empty={<Box>No access key. Programs need one.</Box>}
        columnDefinitions={[
          { id: 'id', header: 'Access key ID', isRowHeader: true, cell: key => <CopyText text={key.AccessKeyId} what="access key ID" /> },
          { id: 'status', header: 'Status', cell: key => <StatusBadge status={key.Status} /> },
          { id: 'created', header: 'Created', cell: key => <Time at={key.CreateDate} /> },
          { id: 'used', header: 'Last used', cell: key => (key.used ? <><Time at={key.used} /> {key.service && key.service !== 'N/A' ? `(${key.service})` : ''}</> : 'never') },
          {
            id: 'act',
            header: 'Actions',
            cell: key => (
              <SpaceBetween direction="horizontal" size="xs">
                <Button variant="inline-link" ariaLabel={`${key.Status === 'Active' ? 'Deactivate' : 'Activate'} ${key.AccessKeyId}`} onClick={() => void turn(key)}>{key.Status === 'Active' ? 'Deactivate' : 'Activate'}</Button>
                <Button variant="inline-link" ariaLabel={`Delete ${key.AccessKeyId}`} onClick={() => setRemoving(key.AccessKeyId!)}>Delete</Button>
              </SpaceBetween>
            ),
          },
        ]}
      />
      {made && <Fresh made={made} close={() => setMade(undefined)} />}
      {removing && (
        <Confirm title={`Delete ${removing}?`} verb="Delete" act={remove} close={() => setRemoving('')}>
          Whatever works with this key stops at once. To see whether anything does, deactivate it first.
        </Confirm>
      )}
    </>
  );
}
