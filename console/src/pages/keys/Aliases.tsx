import { CreateAliasCommand, DeleteAliasCommand } from '@aws-sdk/client-kms';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';

import { kms } from '../../aws/kms';
import { usePolled } from '../../aws/usePolled';
import { Confirm } from '../../parts/Confirm';
import { CopyText } from '../../parts/CopyText';
import { ErrorBox } from '../../parts/ErrorBox';
import { FormDialog } from '../../parts/FormDialog';
import { Time } from '../../parts/Time';
import { aliasesOf } from './kms';

function AddAlias({ id, done, close }: { id: string; done: () => Promise<void>; close: () => void }) {
  const [name, setName] = useState('');
  const act = async () => {
    await kms().send(new CreateAliasCommand({ AliasName: `alias/${name}`, TargetKeyId: id }));
    await done();
  };
  return (
    <FormDialog title="Add an alias" verb="Add" ready={name !== ''} act={act} close={close}>
      <FormField label="Alias" constraintText="Letters, digits and /_-">
        <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus />
      </FormField>
    </FormDialog>
  );
}

export function Aliases({ id, ours }: { id: string; ours: boolean }) {
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState('');
  const aliases = usePolled(signal => aliasesOf(id, signal), [id], { every: 30_000 });
  if (aliases.error !== undefined && !aliases.data) return <ErrorBox error={aliases.error} retry={() => void aliases.refresh()} />;
  const remove = async () => {
    await kms().send(new DeleteAliasCommand({ AliasName: removing }));
    await aliases.refresh();
  };
  return (
    <>
      <Table
        variant="container"
        header={<Header variant="h2" actions={ours && <Button onClick={() => setAdding(true)}>Add an alias</Button>}>Aliases</Header>}
        items={aliases.data ?? []}
        loading={aliases.loading}
        loadingText="Loading aliases"
        trackBy="AliasName"
        ariaLabels={{ tableLabel: 'Aliases' }}
        empty={<Box>None: it is used by its ID or ARN.</Box>}
        columnDefinitions={[
          { id: 'name', header: 'Name', isRowHeader: true, cell: alias => <CopyText text={alias.AliasName} what="alias" /> },
          { id: 'since', header: 'Since', cell: alias => <Time at={alias.CreationDate} /> },
          {
            id: 'act',
            header: 'Actions',
            cell: alias =>
              ours ? (
                <Button variant="inline-link" ariaLabel={`Delete ${alias.AliasName}`} onClick={() => setRemoving(alias.AliasName!)}>
                  Delete
                </Button>
              ) : (
                '–'
              ),
          },
        ]}
      />
      {adding && <AddAlias id={id} done={aliases.refresh} close={() => setAdding(false)} />}
      {removing && (
        <Confirm title={`Delete ${removing}?`} verb="Delete" act={remove} close={() => setRemoving('')}>
          Requests that name the key by this alias fail from now on. The key stays.
        </Confirm>
      )}
    </>
  );
}
