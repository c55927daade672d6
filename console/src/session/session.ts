import { store } from '../app/store';

// Who is signed in. The server keeps the session; its token is in a cookie that no script can read.
export interface Session {
  account: string;
  accountName: string;
  arn: string;
  user: string;
  everything: boolean; // root, or the owner of the data folder: no policy needs to allow anything
  region: string;
  expires: string;
}

export type SessionState =
  | { at: 'asking' }
  | { at: 'out'; why?: 'ended' }
  | { at: 'in'; session: Session; epoch: number };

export class SignInError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryAfter?: number
  ) {
    super(message);
  }
}

export const state = store<SessionState>({ at: 'asking' });
let epoch = 0;

export async function call(
  method: string,
  what: 'session' | 'credentials',
  body = '',
  headers: Record<string, string> = {}
): Promise<Response> {
  return fetch(`/_console/${what}`, {
    method,
    headers: { 'X-Clary-Console': '1', ...(body ? { 'Content-Type': 'application/json' } : {}), ...headers },
    body: body || undefined,
    credentials: 'same-origin',
    cache: 'no-store',
  });
}

export async function failure(answer: Response): Promise<SignInError> {
  const text = await answer.text();
  let parsed: { code?: string; message?: string } = {};
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch {
    // A proxy's page, perhaps.
  }
  const retry = answer.headers.get('Retry-After');
  return new SignInError(
    parsed.code ?? 'Unexpected',
    parsed.message ?? `The server answered with status ${answer.status}.`,
    retry ? Number(retry) : undefined
  );
}

async function enter(answer: Response) {
  if (!answer.ok) throw await failure(answer);
  const session = (await answer.json()) as Session;
  state.set({ at: 'in', session, epoch: ++epoch });
}

// When the page opens. A server that does not answer is asked again, since it may be starting.
export async function resume(): Promise<void> {
  for (let pause = 500; ; pause = Math.min(pause * 2, 8000)) {
    try {
      const answer = await call('GET', 'session');
      if (answer.status === 401) {
        state.set({ at: 'out' });
        return;
      }
      if (answer.ok) return await enter(answer);
    } catch {
      // Not there yet.
    }
    await new Promise(done => setTimeout(done, pause));
  }
}

export interface PasswordForm {
  account: string;
  user: string;
  password: string;
  new_password?: string;
}

export async function signInWithPassword(form: PasswordForm): Promise<void> {
  await enter(await call('POST', 'session', JSON.stringify(form)));
}

// The secret stays in this function: the server sees a signature made with it and nothing else.
export async function signInWithKey(accessKeyId: string, secretAccessKey: string, sessionToken: string) {
  const { signedHeaders } = await import('./signature');
  const body = '{}';
  const key = { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  await enter(await call('POST', 'session', body, await signedHeaders(key, body)));
}

export async function signOut(): Promise<void> {
  try {
    await call('DELETE', 'session');
  } finally {
    state.set({ at: 'out' });
  }
}

// The server no longer knows the session: it ran out, or its user or key is gone.
export function sessionEnded() {
  if (state.get().at === 'in') state.set({ at: 'out', why: 'ended' });
}
