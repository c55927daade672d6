import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { type ReactNode, useState } from 'react';

import { notify } from '../../app/flashes';
import { to } from '../../app/navigation';
import { usePolled } from '../../aws/usePolled';
import { Confirm } from '../../parts/Confirm';
import { ErrorBox } from '../../parts/ErrorBox';
import { JsonView, pretty } from '../../parts/JsonView';
import { PageLink } from '../../parts/PageLink';
import { AttachDialog } from './AttachDialog';
import { documentOf } from './documents';
import { attachedTo, deleteInline, detach, type Holder, inlineDocument, inlineOf, putInline } from './holders';
import { PolicyDialog } from './PolicyDialog';

// The document of one policy, asked for when somebody wants to see it.
function Document({ keys, load, label }: { keys: string[]; load: (signal: AbortSignal) => Promise<string>; label: string }) {
  const text = usePolled(load, keys, { every: 0 });
  if (text.error !== undefined && !text.data) return <ErrorBox error={text.error} retry={() => void text.refresh()} />;
  return text.data === undefined ? <Spinner /> : <JsonView text={pretty(text.data)} label={label} />;
}

function One(props: { name: string; note: ReactNode; keys: string[]; load: (signal: AbortSignal) => Promise<string>; actions?: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <ExpandableSection
      expanded={open}
      onChange={({ detail }) => setOpen(detail.expanded)}
      headerText={props.name}
      headerInfo={<Box display="inline" color="text-body-secondary">{props.note}</Box>}
      headerActions={props.actions}
      variant="container"
    >
      {open && <Document keys={props.keys} load={props.load} label={`Document of ${props.name}`} />}
    </ExpandableSection>
  );
}

type Asking = { what: 'attach' | 'write' } | { what: 'edit'; name: string; text: string } | { what: 'detach'; arn: string } | { what: 'delete'; name: string };

function Dialogs({ holder, asking, close, refresh }: { holder: Holder; asking: Asking; close: () => void; refresh: () => Promise<void> }) {
  const after = async (work: Promise<void>, words: string) => {
    await work;
    notify('success', words);
    await refresh();
  };
  switch (asking.what) {
    case 'attach':
      return <AttachDialog holder={holder} done={refresh} close={close} />;
    case 'write':
      return (
        <PolicyDialog
          title={`A policy of ${holder.name}'s own`}
          verb="Save"
          save={(name, text) => after(putInline(holder, name, text), `The policy ${name} is part of ${holder.name}.`)}
          close={close}
        />
      );
    case 'edit':
      return (
        <PolicyDialog
          title={asking.name}
          verb="Save"
          name={asking.name}
          text={asking.text}
          save={(name, text) => after(putInline(holder, name, text), `The policy ${name} is saved.`)}
          close={close}
        />
      );
    case 'detach':
      return (
        <Confirm title="Detach the policy?" verb="Detach" act={() => after(detach(holder, asking.arn), 'Detached.')} close={close}>
          {holder.name} loses what {asking.arn} allows. The policy itself stays.
        </Confirm>
      );
    case 'delete':
      return (
        <Confirm title={`Delete ${asking.name}?`} verb="Delete" act={() => after(deleteInline(holder, asking.name), 'Deleted.')} close={close}>
          {holder.name} loses what this policy allows, and the policy is gone.
        </Confirm>
      );
  }
}

// What a user, role or group may do: managed policies that are attached, and those of its own.
export function Permissions({ holder, boundary }: { holder: Holder; boundary?: string }) {
  const [asking, setAsking] = useState<Asking>();
  const known = usePolled(
    async signal => ({ attached: await attachedTo(holder, signal), inline: await inlineOf(holder, signal) }),
    [holder.kind, holder.name],
    { every: 15_000 }
  );
  const edit = async (name: string) => setAsking({ what: 'edit', name, text: await inlineDocument(holder, name) });
  const { attached = [], inline = [] } = known.data ?? {};
  return (
    <SpaceBetween size="s">
      <Header
        variant="h2"
        description="Managed policies that are attached, and policies of its own."
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button onClick={() => setAsking({ what: 'write' })}>Write a policy</Button>
            <Button onClick={() => setAsking({ what: 'attach' })}>Attach policies</Button>
          </SpaceBetween>
        }
      >
        Permissions
      </Header>
      {known.error !== undefined && !known.data && <ErrorBox error={known.error} retry={() => void known.refresh()} />}
      {known.loading && <Spinner />}
      {known.data && attached.length + inline.length === 0 && (
        <Container>
          <Box color="text-body-secondary">No policy yet: what no policy allows is denied.</Box>
        </Container>
      )}
      {attached.map(policy => (
        <One
          key={policy.PolicyArn}
          name={policy.PolicyName!}
          note={<PageLink to={to('policies', policy.PolicyArn!)} fontSize="body-s">{policy.PolicyArn!.startsWith('arn:aws:iam::aws:') ? 'Managed by AWS' : 'Managed'}</PageLink>}
          keys={[policy.PolicyArn!]}
          load={async signal => (await documentOf(policy.PolicyArn!, signal)).text}
          actions={<Button ariaLabel={`Detach ${policy.PolicyName}`} onClick={() => setAsking({ what: 'detach', arn: policy.PolicyArn! })}>Detach</Button>}
        />
      ))}
      {inline.map(name => (
        <One
          key={name}
          name={name}
          note="Of its own"
          keys={[holder.kind, holder.name, name, asking ? 'open' : 'closed']}
          load={signal => inlineDocument(holder, name, signal)}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button ariaLabel={`Edit ${name}`} onClick={() => void edit(name).catch((error: Error) => notify('error', error.message))}>Edit</Button>
              <Button ariaLabel={`Delete ${name}`} onClick={() => setAsking({ what: 'delete', name })}>Delete</Button>
            </SpaceBetween>
          }
        />
      ))}
      {boundary && (
        <One name={boundary.slice(boundary.lastIndexOf('/') + 1)} note="Permissions boundary: nothing beyond it is allowed" keys={[boundary]} load={async signal => (await documentOf(boundary, signal)).text} />
      )}
      {asking && <Dialogs holder={holder} asking={asking} close={() => setAsking(undefined)} refresh={known.refresh} />}
    </SpaceBetween>
  );
}
