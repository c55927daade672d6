// What went wrong, in words for people. Every client throws errors of this shape.
export interface Problem {
  kind: 'denied' | 'unreachable' | 'busy' | 'missing' | 'other';
  code: string;
  title: string;
  text: string;
  // Of 'denied': what was asked for, of what, and what decided it.
  action?: string;
  resource?: string;
  reason?: string;
  requestId?: string;
}

interface Thrown {
  name?: string;
  message?: string;
  $metadata?: { httpStatusCode?: number; requestId?: string };
}

const DENIED = /is not authorized to perform: (\S+)(?: on resource: "?([^\s"]+)"?)?\s*(.*)$/s;

function denied(error: Thrown, requestId?: string): Problem {
  const found = DENIED.exec(error.message ?? '');
  return {
    kind: 'denied',
    code: error.name ?? 'AccessDenied',
    title: found ? `You may not do this: ${found[1]}` : 'You may not do this',
    text: found ? '' : (error.message ?? ''),
    action: found?.[1],
    resource: found?.[2],
    reason: found?.[3]?.replace(/^because /, '') || undefined,
    requestId,
  };
}

// What browsers say when no answer came ("Failed to fetch", "NetworkError ...", "Load failed"): a
// TypeError, as mistakes of a page are too.
const UNREACHABLE = /fetch|network|load failed|timeout/i;
const MISSING = /NotFound|NoSuch|Could not find|does not exist/i;

export function problemOf(thrown: unknown): Problem {
  const error = (thrown ?? {}) as Thrown;
  const status = error.$metadata?.httpStatusCode;
  const requestId = error.$metadata?.requestId;
  const code = error.name ?? 'Error';
  const message = error.message ?? String(thrown);
  if (/AccessDenied|NotAuthorized|UnauthorizedOperation/.test(code)) return denied(error, requestId);
  if (status === undefined && UNREACHABLE.test(`${code} ${message}`)) {
    return {
      kind: 'unreachable',
      code,
      title: 'The server cannot be reached',
      text: 'It may be restarting, or the network is down. This page tries again by itself.',
    };
  }
  if (/Throttl|SlowDown|ServiceUnavailable|TooManyRequests/.test(code)) {
    return { kind: 'busy', code, title: 'The server is busy', text: message, requestId };
  }
  if (MISSING.test(code) || (status === 400 && MISSING.test(message)) || status === 404) {
    return { kind: 'missing', code, title: 'There is no such thing here', text: message, requestId };
  }
  return { kind: 'other', code, title: code, text: message, requestId };
}
