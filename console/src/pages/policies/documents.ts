import { type AttachedPolicy, GetPolicyCommand, GetPolicyVersionCommand, type Policy, type PolicyScopeType, ListPoliciesCommand } from '@aws-sdk/client-iam';

import { iam } from '../../aws/iam';
import { all } from '../../parts/scan';

// IAM answers documents URL-encoded.
export function decoded(document: string | undefined): string {
  if (!document) return '';
  try {
    return decodeURIComponent(document);
  } catch {
    return document;
  }
}

// The default version of a managed policy, as it was written.
export async function documentOf(arn: string, signal?: AbortSignal): Promise<{ policy: Policy; text: string }> {
  const { Policy: policy } = await iam().send(new GetPolicyCommand({ PolicyArn: arn }), { abortSignal: signal });
  const { PolicyVersion: version } = await iam().send(
    new GetPolicyVersionCommand({ PolicyArn: arn, VersionId: policy!.DefaultVersionId }),
    { abortSignal: signal }
  );
  return { policy: policy!, text: decoded(version?.Document) };
}

export async function everyPolicy(scope: PolicyScopeType, signal?: AbortSignal): Promise<AttachedPolicy[]> {
  const policies = await all(async token => {
    const answer = await iam().send(new ListPoliciesCommand({ Scope: scope, MaxItems: 1000, Marker: token }), { abortSignal: signal });
    return { items: answer.Policies ?? [], next: answer.IsTruncated ? answer.Marker : undefined };
  });
  return policies.map(policy => ({ PolicyName: policy.PolicyName, PolicyArn: policy.Arn }));
}

// Why a text is no policy, as far as one sees from here; the server has the last word.
export function fault(text: string): string {
  try {
    const parsed = JSON.parse(text) as unknown;
    return parsed !== null && typeof parsed === 'object' && 'Statement' in parsed ? '' : 'A policy is an object with a Statement.';
  } catch (error) {
    return `No JSON: ${(error as Error).message}`;
  }
}

export const NEW_POLICY = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["s3:GetObject"],
      "Resource": ["arn:aws:s3:::my-bucket/*"]
    }
  ]
}`;
