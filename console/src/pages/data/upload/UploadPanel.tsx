import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { useStore } from '../../../app/store';
import { byteText } from '../../../parts/numbers';
import { counted } from '../../../parts/words';
import { ErrorBox } from '../../../parts/ErrorBox';
import { duration } from '../../../parts/Time';
import { forget, goOn, pause, type Upload, uploads } from './uploads';

const SHOWN = 20;

function remaining(upload: Upload): string {
  const fresh = upload.sent - upload.resumed;
  const seconds = (Date.now() - (upload.began ?? Date.now())) / 1000;
  if (fresh <= 0 || seconds < 1) return '';
  const rate = fresh / seconds;
  return `, ${byteText(rate)}/s, ${duration((upload.file.size - upload.sent) / rate)} left`;
}

function words(upload: Upload): string {
  const size = byteText(upload.file.size);
  const resumed = upload.resumed > 0 ? `; ${byteText(upload.resumed)} were there from an earlier try` : '';
  switch (upload.state) {
    case 'waiting':
      return `Waiting; ${size}`;
    case 'sending':
      return `${byteText(upload.sent)} of ${size}${remaining(upload)}${resumed}`;
    case 'done':
      return `${size} sent${resumed}`;
    case 'paused':
      return `Paused at ${byteText(upload.sent)} of ${size}`;
    default:
      return `${size}`;
  }
}

function One({ upload }: { upload: Upload }) {
  const { state } = upload;
  const percent = upload.file.size === 0 ? Number(state === 'done') * 100 : Math.floor((100 * upload.sent) / upload.file.size);
  return (
    <SpaceBetween size="xs">
      <ProgressBar
        label={`s3://${upload.bucket}/${upload.key}`}
        value={percent}
        additionalInfo={state === 'done' ? undefined : words(upload)}
        status={state === 'done' ? 'success' : state === 'failed' ? 'error' : 'in-progress'}
        resultText={state === 'done' ? words(upload) : state === 'failed' ? 'Failed' : undefined}
      />
      {upload.error !== undefined && <ErrorBox error={upload.error} />}
      {state !== 'done' && (
        <SpaceBetween direction="horizontal" size="xs">
          {(state === 'sending' || state === 'waiting') && (
            <Button variant="inline-link" ariaLabel={`Pause ${upload.key}`} onClick={() => pause(upload.id)}>
              Pause
            </Button>
          )}
          {(state === 'paused' || state === 'failed') && (
            <Button variant="inline-link" ariaLabel={`Go on with ${upload.key}`} onClick={() => goOn(upload.id)}>
              Go on
            </Button>
          )}
        </SpaceBetween>
      )}
    </SpaceBetween>
  );
}

const ORDER = { failed: 0, sending: 1, paused: 2, waiting: 3, done: 4 };

// What this tab sends, wherever it goes to.
export function UploadPanel() {
  const all = useStore(uploads);
  if (all.length === 0) return null;
  const done = all.filter(one => one.state === 'done').length;
  const shown = [...all].sort((a, b) => ORDER[a.state] - ORDER[b.state] || a.id - b.id).slice(0, SHOWN);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={done === all.length ? 'All have arrived.' : 'They go on while you look at other pages; keep this tab open.'}
          actions={
            <Button disabled={done === 0} onClick={forget}>
              Clear what is done
            </Button>
          }
        >
          {counted(done, 'upload')} of {all.length} done
        </Header>
      }
    >
      <SpaceBetween size="m">
        {shown.map(one => (
          <One key={one.id} upload={one} />
        ))}
        {all.length > shown.length && <div>and {all.length - shown.length} more</div>}
      </SpaceBetween>
    </Container>
  );
}
