import { GetKeyPolicyCommand, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Spinner from '@cloudscape-design/components/spinner';
import { useState } from 'react';

import { notify } from '../../app/flashes';
import { kms } from '../../aws/kms';
import { usePolled } from '../../aws/usePolled';
import { ErrorBox } from '../../parts/ErrorBox';
import { JsonView, pretty } from '../../parts/JsonView';
import { PolicyDialog } from '../policies/PolicyDialog';

export function KeyPolicy({ id, ours }: { id: string; ours: boolean }) {
  const [asking, setAsking] = useState(false);
  const policy = usePolled(async signal => (await kms().send(new GetKeyPolicyCommand({ KeyId: id, PolicyName: 'default' }), { abortSignal: signal })).Policy ?? '', [id], { every: 60_000 });
  const save = async (_: string, text: string) => {
    await kms().send(new PutKeyPolicyCommand({ KeyId: id, PolicyName: 'default', Policy: text }));
    notify('success', "The key's policy is saved.");
    await policy.refresh();
  };
  return (
    <Container header={<Header variant="h2" description="Who may use and manage the key." actions={ours && <Button disabled={policy.data === undefined} onClick={() => setAsking(true)}>Edit</Button>}>Policy</Header>}>
      {policy.error !== undefined && policy.data === undefined && <ErrorBox error={policy.error} retry={() => void policy.refresh()} />}
      {policy.loading && <Spinner />}
      {policy.data !== undefined && <JsonView text={pretty(policy.data)} label="Policy of the key" />}
      {asking && <PolicyDialog title="Policy of the key" verb="Save" nameless text={policy.data} save={save} close={() => setAsking(false)} />}
    </Container>
  );
}
