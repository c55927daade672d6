import { type AliasListEntry, DescribeKeyCommand, type KeyMetadata, ListAliasesCommand, ListKeysCommand } from '@aws-sdk/client-kms';

import { kms } from '../../aws/kms';
import { all } from '../../parts/scan';

export interface Row {
  id: string;
  key?: KeyMetadata; // unknown to whom the key's policy does not let look at it
  aliases: string[];
}

export async function aliasesOf(id: string | undefined, signal: AbortSignal): Promise<AliasListEntry[]> {
  return all(async Marker => {
    const answer = await kms().send(new ListAliasesCommand({ KeyId: id, Limit: 100, Marker }), { abortSignal: signal });
    return { items: answer.Aliases ?? [], next: answer.Truncated ? answer.NextMarker : undefined };
  });
}

async function row(id: string, signal: AbortSignal): Promise<Row> {
  const options = { abortSignal: signal };
  const [key, aliases] = await Promise.allSettled([kms().send(new DescribeKeyCommand({ KeyId: id }), options), aliasesOf(id, signal)]);
  return {
    id,
    key: key.status === 'fulfilled' ? key.value.KeyMetadata : undefined,
    aliases: aliases.status === 'fulfilled' ? aliases.value.map(alias => alias.AliasName!) : [],
  };
}

// ListKeys tells the ids alone; of those that are shown the rest is asked for.
export async function page(token: string | undefined, signal: AbortSignal) {
  const answer = await kms().send(new ListKeysCommand({ Limit: 20, Marker: token }), { abortSignal: signal });
  const items = await Promise.all((answer.Keys ?? []).map(key => row(key.KeyId!, signal)));
  return { items, next: answer.Truncated ? answer.NextMarker : undefined };
}

export function isOurs(key: KeyMetadata): boolean {
  return key.KeyManager === 'CUSTOMER';
}

// Who may rotate: symmetric keys whose material is the server's own.
export function rotates(key: KeyMetadata): boolean {
  return key.KeySpec === 'SYMMETRIC_DEFAULT' && key.Origin === 'AWS_KMS' && isOurs(key);
}
