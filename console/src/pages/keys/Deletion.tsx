import { ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import Alert from '@cloudscape-design/components/alert';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';

import { notify } from '../../app/flashes';
import { kms } from '../../aws/kms';
import { FormDialog } from '../../parts/FormDialog';
import { exactTime } from '../../parts/Time';

const LEAST_DAYS = 7;
const MOST_DAYS = 30;

// The one thing here that cannot be undone: its days are the time to notice a mistake.
export function Deletion({ id, done, close }: { id: string; done: () => Promise<void>; close: () => void }) {
  const [days, setDays] = useState(String(MOST_DAYS));
  const [typed, setTyped] = useState('');
  const count = Number(days);
  const good = Number.isInteger(count) && count >= LEAST_DAYS && count <= MOST_DAYS;
  const act = async () => {
    const answer = await kms().send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: count }));
    notify('warning', `The key is going to be deleted${answer.DeletionDate ? ` on ${exactTime(answer.DeletionDate)}` : ''}.`);
    await done();
  };
  return (
    <FormDialog title="Schedule the key's deletion" verb="Schedule deletion" ready={good && typed === id} act={act} close={close}>
      <Alert type="warning" statusIconAriaLabel="Warning">
        Whatever is encrypted with this key is lost with it: objects, volumes, outputs of jobs, backups of them. The key cannot be used from now on; until its day comes the deletion can be cancelled.
        To see whether anybody needs the key, disable it instead.
      </Alert>
      <FormField label="Days to wait" constraintText={`${LEAST_DAYS} to ${MOST_DAYS}`} errorText={good ? '' : `A whole number from ${LEAST_DAYS} to ${MOST_DAYS}.`}>
        <Input type="number" value={days} onChange={({ detail }) => setDays(detail.value)} />
      </FormField>
      <FormField label={`Type "${id}" to go on`}>
        <Input value={typed} onChange={({ detail }) => setTyped(detail.value)} />
      </FormField>
    </FormDialog>
  );
}
