import { store } from '../../../app/store';
import { state as session } from '../../../session/session';
import { sendFile } from './multipart';

// Uploads of this tab. They go on while other pages are looked at, and end when the tab is closed:
// what was sent of a large file by then is found again when the same file is chosen once more.

export interface Upload {
  id: number;
  bucket: string;
  key: string;
  file: File;
  sent: number;
  resumed: number; // bytes that an earlier try had sent
  state: 'waiting' | 'sending' | 'done' | 'failed' | 'paused';
  error?: unknown;
  began?: number;
}

const AT_ONCE = 3;

export const uploads = store<Upload[]>([]);
// Grows with each file that has arrived, so that lists look again.
export const arrived = store(0);

const controls = new Map<number, AbortController>();
let count = 0;

function change(id: number, changes: Partial<Upload>) {
  uploads.set(uploads.get().map(one => (one.id === id ? { ...one, ...changes } : one)));
}

async function run(upload: Upload) {
  const control = new AbortController();
  controls.set(upload.id, control);
  change(upload.id, { state: 'sending', began: Date.now(), sent: 0, resumed: 0, error: undefined });
  try {
    await sendFile(upload, {
      signal: control.signal,
      sent: sent => change(upload.id, { sent }),
      resumed: resumed => change(upload.id, { resumed }),
    });
    change(upload.id, { state: 'done', sent: upload.file.size });
    arrived.set(arrived.get() + 1);
  } catch (error) {
    change(upload.id, control.signal.aborted ? { state: 'paused' } : { state: 'failed', error });
    control.abort(); // its other parts
  } finally {
    controls.delete(upload.id);
    pump();
  }
}

function pump() {
  for (const upload of uploads.get()) {
    if (controls.size >= AT_ONCE) return;
    if (upload.state === 'waiting') void run(upload);
  }
}

// Who signs out stops sending.
session.subscribe(() => {
  if (session.get().at === 'in') return;
  for (const control of controls.values()) control.abort();
  uploads.set([]);
});

window.addEventListener('beforeunload', event => {
  if (controls.size > 0) event.preventDefault();
});

export function upload(bucket: string, files: { key: string; file: File }[]) {
  const busy = new Set(uploads.get().filter(one => one.state === 'waiting' || one.state === 'sending').map(one => `${one.bucket}/${one.key}`));
  const fresh = files
    .filter(({ key }) => !busy.has(`${bucket}/${key}`))
    .map(({ key, file }): Upload => ({ id: ++count, bucket, key, file, sent: 0, resumed: 0, state: 'waiting' }));
  const again = new Set(fresh.map(one => `${one.bucket}/${one.key}`));
  const others = uploads.get().filter(one => !again.has(`${one.bucket}/${one.key}`));
  uploads.set([...others, ...fresh]);
  pump();
}

export function pause(id: number) {
  controls.get(id)?.abort();
  const one = uploads.get().find(upload => upload.id === id);
  if (one?.state === 'waiting') change(id, { state: 'paused' });
}

export function goOn(id: number) {
  change(id, { state: 'waiting', error: undefined });
  pump();
}

export function forget() {
  uploads.set(uploads.get().filter(one => one.state !== 'done'));
}

// Of one file chosen by button, dropped, or found in a dropped folder: its name below the prefix.
export function keyed(prefix: string, files: readonly File[]): { key: string; file: File }[] {
  return files.map(file => ({ key: prefix + (file.webkitRelativePath || file.name), file }));
}
