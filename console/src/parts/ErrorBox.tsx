import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { type Problem, problemOf } from '../aws/errors';
import { state } from '../session/session';
import { PageLink } from './PageLink';

// Whose policies decide: of a role's session the role's. The root of an account has none.
function principalOf(arn: string): string {
  const session = /^(arn:[^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(arn);
  if (session) return `${session[1]}:iam::${session[2]}:role/${session[3]}`;
  return /:(user|role)\//.test(arn) ? arn : '';
}

// Where the page of decisions tells which statement of which policy it was.
function explanationOf(who: string, problem: Problem): string {
  const principal = principalOf(who);
  if (!principal || !problem.action || problem.action === 'iam:SimulatePrincipalPolicy') return '';
  const question = { principal, action: problem.action, ...(problem.resource ? { resource: problem.resource } : {}) };
  return `/decisions?${new URLSearchParams(question).toString()}`;
}

function Denied({ problem }: { problem: Problem }) {
  const now = state.get();
  const who = now.at === 'in' ? now.session.arn : 'You';
  const explanation = explanationOf(who, problem);
  return (
    <SpaceBetween size="xs">
      {problem.text && <Box>{problem.text}</Box>}
      {problem.reason && <Box>The reason: {problem.reason}.</Box>}
      {problem.action && (
        <Box color="text-body-secondary">
          Asked by <Box variant="code">{who}</Box>: <Box variant="code">{problem.action}</Box>
          {problem.resource && (
            <>
              {' '}on <Box variant="code">{problem.resource}</Box>
            </>
          )}
          . An administrator of the account can allow it with a policy.
        </Box>
      )}
      {explanation && <PageLink to={explanation}>Explain the decision</PageLink>}
    </SpaceBetween>
  );
}

// An error in words, what to do about it, and, for what a user may not do, the policy's reason.
export function ErrorBox({ error, retry, doing }: { error: unknown; retry?: () => void; doing?: string }) {
  const problem = problemOf(error);
  const header = doing ? `${doing}: ${problem.title}` : problem.title;
  return (
    <Alert
      type={problem.kind === 'unreachable' || problem.kind === 'busy' ? 'warning' : 'error'}
      header={header}
      action={retry && problem.kind !== 'denied' ? <Button onClick={retry}>Try again</Button> : undefined}
      statusIconAriaLabel={problem.kind === 'unreachable' ? 'Warning' : 'Error'}
    >
      {problem.kind === 'denied' ? <Denied problem={problem} /> : problem.text}
      {problem.requestId && problem.kind === 'other' && (
        <Box color="text-body-secondary" fontSize="body-s">
          Request {problem.requestId}
        </Box>
      )}
    </Alert>
  );
}
