import * as I from '@aws-sdk/client-iam';

import { iam } from '../../aws/iam';
import { all } from '../../parts/scan';
import { decoded } from './documents';

// Whom policies are attached to: the same calls under other names.
export type Kind = 'user' | 'role' | 'group';
export interface Holder {
  kind: Kind;
  name: string;
}

type Attached = I.AttachedPolicy[];

export async function attachedTo({ kind, name }: Holder, signal?: AbortSignal): Promise<Attached> {
  const options = { abortSignal: signal };
  return all(async Marker => {
    const answer =
      kind === 'user'
        ? await iam().send(new I.ListAttachedUserPoliciesCommand({ UserName: name, Marker }), options)
        : kind === 'role'
          ? await iam().send(new I.ListAttachedRolePoliciesCommand({ RoleName: name, Marker }), options)
          : await iam().send(new I.ListAttachedGroupPoliciesCommand({ GroupName: name, Marker }), options);
    return { items: answer.AttachedPolicies ?? [], next: answer.IsTruncated ? answer.Marker : undefined };
  });
}

export async function inlineOf({ kind, name }: Holder, signal?: AbortSignal): Promise<string[]> {
  const options = { abortSignal: signal };
  return all(async Marker => {
    const answer =
      kind === 'user'
        ? await iam().send(new I.ListUserPoliciesCommand({ UserName: name, Marker }), options)
        : kind === 'role'
          ? await iam().send(new I.ListRolePoliciesCommand({ RoleName: name, Marker }), options)
          : await iam().send(new I.ListGroupPoliciesCommand({ GroupName: name, Marker }), options);
    return { items: answer.PolicyNames ?? [], next: answer.IsTruncated ? answer.Marker : undefined };
  });
}

export async function inlineDocument({ kind, name }: Holder, policy: string, signal?: AbortSignal): Promise<string> {
  const options = { abortSignal: signal };
  const answer =
    kind === 'user'
      ? await iam().send(new I.GetUserPolicyCommand({ UserName: name, PolicyName: policy }), options)
      : kind === 'role'
        ? await iam().send(new I.GetRolePolicyCommand({ RoleName: name, PolicyName: policy }), options)
        : await iam().send(new I.GetGroupPolicyCommand({ GroupName: name, PolicyName: policy }), options);
  return decoded(answer.PolicyDocument);
}

export async function attach({ kind, name }: Holder, arn: string): Promise<void> {
  if (kind === 'user') await iam().send(new I.AttachUserPolicyCommand({ UserName: name, PolicyArn: arn }));
  else if (kind === 'role') await iam().send(new I.AttachRolePolicyCommand({ RoleName: name, PolicyArn: arn }));
  else await iam().send(new I.AttachGroupPolicyCommand({ GroupName: name, PolicyArn: arn }));
}

export async function detach({ kind, name }: Holder, arn: string): Promise<void> {
  if (kind === 'user') await iam().send(new I.DetachUserPolicyCommand({ UserName: name, PolicyArn: arn }));
  else if (kind === 'role') await iam().send(new I.DetachRolePolicyCommand({ RoleName: name, PolicyArn: arn }));
  else await iam().send(new I.DetachGroupPolicyCommand({ GroupName: name, PolicyArn: arn }));
}

export async function putInline({ kind, name }: Holder, policy: string, text: string): Promise<void> {
  const input = { PolicyName: policy, PolicyDocument: text };
  if (kind === 'user') await iam().send(new I.PutUserPolicyCommand({ UserName: name, ...input }));
  else if (kind === 'role') await iam().send(new I.PutRolePolicyCommand({ RoleName: name, ...input }));
  else await iam().send(new I.PutGroupPolicyCommand({ GroupName: name, ...input }));
}

export async function deleteInline({ kind, name }: Holder, policy: string): Promise<void> {
  if (kind === 'user') await iam().send(new I.DeleteUserPolicyCommand({ UserName: name, PolicyName: policy }));
  else if (kind === 'role') await iam().send(new I.DeleteRolePolicyCommand({ RoleName: name, PolicyName: policy }));
  else await iam().send(new I.DeleteGroupPolicyCommand({ GroupName: name, PolicyName: policy }));
}

// Before a user or role can be deleted.
export async function removePolicies(holder: Holder): Promise<void> {
  for (const policy of await attachedTo(holder)) await detach(holder, policy.PolicyArn!);
  for (const policy of await inlineOf(holder)) await deleteInline(holder, policy);
}

export async function groupsOf(user: string, signal?: AbortSignal): Promise<I.Group[]> {
  return all(async Marker => {
    const answer = await iam().send(new I.ListGroupsForUserCommand({ UserName: user, Marker }), { abortSignal: signal });
    return { items: answer.Groups ?? [], next: answer.IsTruncated ? answer.Marker : undefined };
  });
}
