import { type EvaluationResult, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';

import { iam } from '../../aws/iam';
import { type Lines, pretty } from '../../parts/JsonView';
import { all } from '../../parts/scan';
import { documentOf } from './documents';
import { attachedTo, groupsOf, type Holder, inlineDocument, inlineOf, type Kind } from './holders';

export interface Question {
  principal: string;
  actions: string[];
  resources: string[];
  context: { key: string; values: string[] }[];
}

export function linesIn(text: string): string[] {
  return text.split('\n').map(line => line.trim()).filter(Boolean);
}

// "aws:SourceIp = 10.0.0.1, 10.0.0.2"
export function contextIn(text: string): Question['context'] {
  return linesIn(text).map(line => {
    const at = line.indexOf('=');
    const values = at < 0 ? '' : line.slice(at + 1);
    return { key: (at < 0 ? line : line.slice(0, at)).trim(), values: values.split(',').map(value => value.trim()) };
  });
}

export async function ask(question: Question, signal: AbortSignal): Promise<EvaluationResult[]> {
  return all(async Marker => {
    const answer = await iam().send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: question.principal,
        ActionNames: question.actions,
        ResourceArns: question.resources.length ? question.resources : undefined,
        ContextEntries: question.context.map(one => ({ ContextKeyName: one.key, ContextKeyValues: one.values, ContextKeyType: one.values.length > 1 ? 'stringList' : 'string' })),
        MaxItems: 1000,
        Marker,
      }),
      { abortSignal: signal }
    );
    return { items: answer.EvaluationResults ?? [], next: answer.IsTruncated ? answer.Marker : undefined };
  });
}

function holderOf(arn: string): Holder | undefined {
  const resource = arn.split(':').slice(5).join(':');
  const kind = resource.split('/')[0];
  if (kind !== 'user' && kind !== 'role' && kind !== 'group') return undefined;
  return { kind: kind as Kind, name: resource.slice(resource.lastIndexOf('/') + 1) };
}

export interface Source {
  name: string;
  arn?: string; // of a managed one
  where: string; // "attached to ann", "of the group readers"
  text: string;
}

// The policies of these names that a principal has: its own, attached ones, and its groups'.
export async function sourcesOf(principal: string, names: Set<string>, signal: AbortSignal): Promise<Source[]> {
  const holder = holderOf(principal);
  if (!holder || names.size === 0) return [];
  const holders = [holder];
  if (holder.kind === 'user') {
    for (const group of await groupsOf(holder.name, signal)) holders.push({ kind: 'group', name: group.GroupName! });
  }
  const found: Source[] = [];
  for (const one of holders) {
    const whose = one.kind === 'group' ? `the group ${one.name}` : one.name;
    for (const policy of await attachedTo(one, signal)) {
      if (!names.has(policy.PolicyName!)) continue;
      const { text } = await documentOf(policy.PolicyArn!, signal);
      found.push({ name: policy.PolicyName!, arn: policy.PolicyArn, where: `attached to ${whose}`, text });
    }
    for (const name of await inlineOf(one, signal)) {
      if (names.has(name)) found.push({ name, where: `part of ${whose}`, text: await inlineDocument(one, name, signal) });
    }
  }
  return found;
}

interface Statement {
  from: number; // line and column, counted from 1
  column: number;
  to: number;
}

function matchedIn(results: EvaluationResult[], policy: string): Statement[] {
  return results.flatMap(result =>
    (result.MatchedStatements ?? [])
      .filter(one => one.SourcePolicyId === policy && one.StartPosition?.Line && one.EndPosition?.Line)
      .map(one => ({ from: one.StartPosition!.Line!, column: one.StartPosition!.Column ?? 1, to: one.EndPosition!.Line! }))
  );
}

// The object that begins at `start`: to the brace that closes it.
function objectAt(text: string, start: number): string {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; ++at) {
    const sign = text[at];
    if (quoted) {
      if (sign === '\\') ++at;
      else if (sign === '"') quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === '{') ++depth;
    else if (sign === '}' && --depth === 0) return text.slice(start, at + 1);
  }
  return '';
}

// A document and the lines of it that decided. One that stands in a single line is shown in several.
export function marked(source: Source, results: EvaluationResult[]): { text: string; lines: Lines[] } {
  const statements = matchedIn(results, source.name);
  if (source.text.trim().includes('\n')) return { text: source.text, lines: statements };
  const text = pretty(source.text);
  const lines = statements.flatMap((statement): Lines[] => {
    const part = pretty(objectAt(source.text, statement.column - 1));
    for (const indent of ['    ', '  ']) {
      const wanted = part.split('\n').join(`\n${indent}`);
      const at = wanted ? text.indexOf(wanted) : -1;
      if (at < 0) continue;
      const from = text.slice(0, at).split('\n').length;
      return [{ from, to: from + wanted.split('\n').length - 1 }];
    }
    return [];
  });
  return { text, lines };
}

const DECISIONS: Record<string, { type: 'success' | 'error' | 'stopped'; text: string }> = {
  allowed: { type: 'success', text: 'Allowed' },
  explicitDeny: { type: 'error', text: 'Denied by a statement' },
  implicitDeny: { type: 'stopped', text: 'Denied: nothing allows it' },
};

export function decisionOf(result: EvaluationResult) {
  return DECISIONS[result.EvalDecision ?? ''] ?? DECISIONS.implicitDeny!;
}
