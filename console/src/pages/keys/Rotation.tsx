import * as K from '@aws-sdk/client-kms';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Toggle from '@cloudscape-design/components/toggle';
import { useState } from 'react';

import { notify } from '../../app/flashes';
import { kms } from '../../aws/kms';
import { usePolled } from '../../aws/usePolled';
import { ErrorBox } from '../../parts/ErrorBox';
import { Time } from '../../parts/Time';

async function look(KeyId: string, signal: AbortSignal) {
  const options = { abortSignal: signal };
  const status = await kms().send(new K.GetKeyRotationStatusCommand({ KeyId }), options);
  const rotations = await kms().send(new K.ListKeyRotationsCommand({ KeyId, Limit: 10 }), options);
  return { status, rotations: rotations.Rotations ?? [] };
}

export function Rotation({ id, state }: { id: string; state?: string }) {
  const [busy, setBusy] = useState(false);
  const known = usePolled(signal => look(id, signal), [id, state], { every: 30_000 });
  const usable = state === 'Enabled';
  const run = async (work: () => Promise<unknown>, words: string) => {
    setBusy(true);
    try {
      await work();
      notify('success', words);
      await known.refresh();
    } catch (error) {
      notify('error', <ErrorBox error={error} />);
    }
    setBusy(false);
  };
  const turn = (on: boolean) =>
    run(async () => {
      if (on) await kms().send(new K.EnableKeyRotationCommand({ KeyId: id }));
      else await kms().send(new K.DisableKeyRotationCommand({ KeyId: id }));
    }, on ? 'The key rotates by itself from now on.' : 'The key does not rotate by itself any more.');
  const now = () => run(() => kms().send(new K.RotateKeyOnDemandCommand({ KeyId: id })), 'The key has new material.');
  const { status, rotations = [] } = known.data ?? {};
  const description = 'New material under the same ID. What older material encrypted can still be read.';
  return (
    <Container header={<Header variant="h2" description={description} actions={<Button disabled={!usable} loading={busy} loadingText="Working" onClick={() => void now()}>Rotate now</Button>}>Rotation</Header>}>
      {known.error !== undefined && !known.data ? (
        <ErrorBox error={known.error} retry={() => void known.refresh()} />
      ) : !status ? (
        <Spinner />
      ) : (
        <SpaceBetween size="m">
          <Toggle checked={status.KeyRotationEnabled ?? false} disabled={!usable || busy} onChange={({ detail }) => void turn(detail.checked)}>
            Rotates by itself
          </Toggle>
          <KeyValuePairs
            columns={3}
            items={[
              { label: 'Every', value: status.RotationPeriodInDays ? `${status.RotationPeriodInDays} days` : '–' },
              { label: 'Next', value: <Time at={status.NextRotationDate} /> },
              { label: 'So far', value: rotations.length === 0 ? <Box>never</Box> : rotations.map(one => <div key={one.RotationDate?.getTime()}><Time at={one.RotationDate} /> ({one.RotationType === 'ON_DEMAND' ? 'asked for' : 'by itself'})</div>) },
            ]}
          />
        </SpaceBetween>
      )}
    </Container>
  );
}
