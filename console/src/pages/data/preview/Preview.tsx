import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useEffect, useState } from 'react';

import './preview.css';
import { usePolled } from '../../../aws/usePolled';
import { byteText } from '../../../parts/numbers';
import { Loaded } from '../../../parts/Loading';
import { look, type Look, type Thing } from './look';
import { TablePreview } from './TablePreview';

function Picture({ blob, name }: { blob: Blob; name: string }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return url ? <img className="clary-picture" src={url} alt={`What ${name} shows`} /> : null;
}

function Text({ text, label }: { text: string; label: string }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it scrolls by keyboard
    <pre className="clary-text" tabIndex={0} role="region" aria-label={label}>
      {text}
    </pre>
  );
}

function hex(data: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < data.length; at += 16) {
    const some = [...data.subarray(at, at + 16)];
    const digits = some.map(byte => byte.toString(16).padStart(2, '0')).join(' ');
    const letters = some.map(byte => (byte > 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${digits.padEnd(47)}  ${letters}`);
  }
  return lines.join('\n');
}

function Shown({ what, thing }: { what: Look; thing: Thing }) {
  const name = thing.key.split('/').pop()!;
  switch (what.kind) {
    case 'table':
      return <TablePreview table={what.table} read={what.read} size={thing.size} />;
    case 'image':
      return <Picture blob={what.blob} name={name} />;
    case 'text':
      return (
        <SpaceBetween size="xs">
          <Header variant="h2">{what.whole ? 'Text' : `The first ${byteText(what.read)} of ${byteText(thing.size)}`}</Header>
          <Text text={what.text} label={`Text of ${name}`} />
        </SpaceBetween>
      );
    case 'binary':
      return (
        <SpaceBetween size="xs">
          {what.why && <Alert type="warning" statusIconAriaLabel="Warning">{what.why}</Alert>}
          <Header variant="h2">The first {what.head.length} bytes</Header>
          <Text text={hex(what.head)} label={`First bytes of ${name}`} />
        </SpaceBetween>
      );
    default:
      return <Box color="text-body-secondary">The object is empty.</Box>;
  }
}

// The first part of an object, as what it is.
export function Preview({ thing }: { thing: Thing }) {
  const looked = usePolled(signal => look(thing, signal), [thing.bucket, thing.key, thing.versionId, thing.size], { every: 0 });
  return <Loaded of={looked} doing="Preview">{what => <Shown what={what} thing={thing} />}</Loaded>;
}
