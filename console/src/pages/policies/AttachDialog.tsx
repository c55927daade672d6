import FormField from '@cloudscape-design/components/form-field';
import { useState } from 'react';

import { notify } from '../../app/flashes';
import { FormDialog } from '../../parts/FormDialog';
import { attach, type Holder } from './holders';
import { PolicyChoice } from './PolicyChoice';

export function AttachDialog({ holder, done, close }: { holder: Holder; done: () => Promise<void>; close: () => void }) {
  const [arns, setArns] = useState<string[]>([]);
  return (
    <FormDialog
      title={`Attach policies to ${holder.name}`}
      verb="Attach"
      ready={arns.length > 0}
      act={async () => {
        for (const arn of arns) await attach(holder, arn);
        notify('success', arns.length === 1 ? 'The policy is attached.' : `${arns.length} policies are attached.`);
        await done();
      }}
      close={close}
    >
      <FormField label="Policies" description="Of AWS, and of this account.">
        <PolicyChoice arns={arns} choose={setArns} />
      </FormField>
    </FormDialog>
  );
}
