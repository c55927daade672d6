import { CreateAliasCommand, CreateKeyCommand, type KeySpec, type KeyUsageType } from '@aws-sdk/client-kms';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';

import { notify } from '../../app/flashes';
import { to, useNavigate } from '../../app/navigation';
import { kms } from '../../aws/kms';
import { FormDialog } from '../../parts/FormDialog';
import { PageLink } from '../../parts/PageLink';
import { type Column, ResourceTable } from '../../parts/ResourceTable';
import { StatusBadge } from '../../parts/StatusBadge';
import { Time } from '../../parts/Time';
import { page, type Row } from './kms';

const COLUMNS: Column<Row>[] = [
  { id: 'alias', header: 'Alias', cell: row => <PageLink to={to('keys', row.id)}>{row.aliases.map(alias => alias.replace(/^alias\//, '')).join(', ') || 'without one'}</PageLink> },
  { id: 'id', header: 'Key ID', cell: row => <Box variant="code">{row.id}</Box> },
  { id: 'state', header: 'State', width: 140, cell: row => <StatusBadge status={row.key?.KeyState} /> },
  { id: 'use', header: 'For', cell: row => useOf(row.key?.KeyUsage) },
  { id: 'text', header: 'Description', cell: row => row.key?.Description || '–' },
  { id: 'by', header: 'Managed by', cell: row => (row.key === undefined ? '–' : row.key.KeyManager === 'AWS' ? 'the server' : 'this account') },
  { id: 'created', header: 'Created', cell: row => <Time at={row.key?.CreationDate} /> },
];

const USES: Record<string, string> = {
  ENCRYPT_DECRYPT: 'encryption', SIGN_VERIFY: 'signatures', GENERATE_VERIFY_MAC: 'message authentication', KEY_AGREEMENT: 'key agreement',
};

export function useOf(usage: string | undefined): string {
  return usage === undefined ? '–' : (USES[usage] ?? usage);
}

const KINDS: { value: string; label: string; description: string; spec: KeySpec; usage: KeyUsageType }[] = [
  { value: 'data', label: 'Data', description: 'Encrypts objects, volumes and job outputs (AES-256)', spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT' },
  { value: 'rsa', label: 'RSA signatures', description: 'RSA_2048', spec: 'RSA_2048', usage: 'SIGN_VERIFY' },
  { value: 'ecc', label: 'ECDSA signatures', description: 'ECC_NIST_P256', spec: 'ECC_NIST_P256', usage: 'SIGN_VERIFY' },
  { value: 'mac', label: 'Message authentication', description: 'HMAC_256', spec: 'HMAC_256', usage: 'GENERATE_VERIFY_MAC' },
];

function CreateKey({ close }: { close: () => void }) {
  const [alias, setAlias] = useState('');
  const [text, setText] = useState('');
  const [kind, setKind] = useState(KINDS[0]!);
  const navigate = useNavigate();
  const act = async () => {
    const made = await kms().send(new CreateKeyCommand({ Description: text || undefined, KeySpec: kind.spec, KeyUsage: kind.usage }));
    const id = made.KeyMetadata!.KeyId!;
    try {
      if (alias) await kms().send(new CreateAliasCommand({ AliasName: `alias/${alias}`, TargetKeyId: id }));
      notify('success', 'The key is there.');
    } catch (error) {
      notify('error', `The key is there, but not its alias: ${(error as Error).message}`);
    }
    void navigate(to('keys', id));
  };
  return (
    <FormDialog title="Create a key" verb="Create" act={act} close={close}>
      <FormField label="Alias" description="A name to use it by; it may name another key later.">
        <Input value={alias} onChange={({ detail }) => setAlias(detail.value)} autoFocus />
      </FormField>
      <FormField label="Description">
        <Input value={text} onChange={({ detail }) => setText(detail.value)} />
      </FormField>
      <FormField label="For">
        <Select selectedOption={kind} options={KINDS} onChange={({ detail }) => setKind(KINDS.find(one => one.value === detail.selectedOption.value)!)} />
      </FormField>
    </FormDialog>
  );
}

function Empty() {
  return (
    <SpaceBetween size="xxs" alignItems="center">
      <Box variant="strong">No keys yet</Box>
      <Box color="text-body-secondary">A key of KMS encrypts what names it: objects, volumes and outputs of jobs. It never leaves the server.</Box>
    </SpaceBetween>
  );
}

export default function Keys() {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <ResourceTable
        title="Keys"
        columns={COLUMNS}
        id={row => row.id}
        load={({ token, signal }) => page(token, signal)}
        every={30_000}
        empty={<Empty />}
        actions={
          <Button variant="primary" onClick={() => setAsking(true)}>
            Create a key
          </Button>
        }
      />
      {asking && <CreateKey close={() => setAsking(false)} />}
    </>
  );
}
