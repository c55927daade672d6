import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Textarea from '@cloudscape-design/components/textarea';
import { useState } from 'react';

import { FormDialog } from '../../parts/FormDialog';
import { pretty } from '../../parts/JsonView';
import { fault, NEW_POLICY } from './documents';

interface Props {
  title: string;
  verb: string;
  name?: string; // of a policy that is there already
  nameless?: boolean; // trust policies
  text?: string;
  save: (name: string, text: string) => Promise<unknown>;
  close: () => void;
}

// A policy document to write or change.
export function PolicyDialog({ title, verb, name: given = '', nameless, text: before, save, close }: Props) {
  const [name, setName] = useState(given);
  const [text, setText] = useState(before ? pretty(before) : NEW_POLICY);
  const wrong = fault(text);
  return (
    <FormDialog
      title={title}
      verb={verb}
      size="large"
      ready={!wrong && (nameless || name !== '')}
      act={async () => {
        await save(name, text);
      }}
      close={close}
    >
      {!nameless && !given && (
        <FormField label="Name">
          <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus />
        </FormField>
      )}
      <FormField label="Document" errorText={wrong} stretch>
        <Textarea value={text} onChange={({ detail }) => setText(detail.value)} rows={16} spellcheck={false} />
      </FormField>
    </FormDialog>
  );
}
