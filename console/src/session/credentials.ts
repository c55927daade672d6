import { call, failure, sessionEnded } from './session';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

interface Answer {
  AccessKeyId: string;
  SecretAccessKey: string;
  SessionToken: string;
  Expiration: string;
}

// They last minutes; asked for again when two of them are left. One request at a time for all
// clients of the page.
const MARGIN_MS = 2 * 60_000;
let current: Credentials | undefined;
let asking: Promise<Credentials> | undefined;

async function ask(): Promise<Credentials> {
  const answer = await call('POST', 'credentials');
  if (answer.status === 401) sessionEnded();
  if (!answer.ok) throw await failure(answer);
  const given = (await answer.json()) as Answer;
  current = {
    accessKeyId: given.AccessKeyId,
    secretAccessKey: given.SecretAccessKey,
    sessionToken: given.SessionToken,
    expiration: new Date(given.Expiration),
  };
  return current;
}

export function forgetCredentials() {
  current = undefined;
}

export async function credentials(): Promise<Credentials> {
  if (current && current.expiration.getTime() - Date.now() > MARGIN_MS) return current;
  asking ??= ask().finally(() => {
    asking = undefined;
  });
  return asking;
}
