import { ListRolesCommand, type Role } from '@aws-sdk/client-iam';
import Autosuggest from '@cloudscape-design/components/autosuggest';
import FormField from '@cloudscape-design/components/form-field';
import { useEffect } from 'react';

import { iam } from '../aws/iam';
import { usePolled } from '../aws/usePolled';

async function sagemakerRoles(signal: AbortSignal): Promise<Role[]> {
  const found: Role[] = [];
  let Marker: string | undefined;
  do {
    const answer = await iam().send(new ListRolesCommand({ Marker }), { abortSignal: signal });
    found.push(...(answer.Roles ?? []).filter(role => decodeURIComponent(role.AssumeRolePolicyDocument ?? '').includes('sagemaker.amazonaws.com')));
    Marker = answer.IsTruncated ? answer.Marker : undefined;
  } while (Marker && found.length < 500);
  return found;
}

// The role that a job or endpoint works with: those that trust SageMaker are offered, the only one is
// taken at once, and any ARN may be typed (who may not list roles can still name one).
export function RoleInput({ value, change, error }: { value: string; change: (arn: string) => void; error?: string }) {
  const roles = usePolled(sagemakerRoles, [], { every: 0 });
  const only = roles.data?.length === 1 ? roles.data[0]!.Arn! : '';
  useEffect(() => {
    if (!value && only) change(only);
  }, [only]); // eslint-disable-line react-hooks/exhaustive-deps -- a role that was taken away stays away
  return (
    <FormField label="Role" description="What the job may read and write is what this role may." errorText={error}>
      <Autosuggest
        value={value}
        onChange={({ detail }) => change(detail.value)}
        options={(roles.data ?? []).map(role => ({ value: role.Arn!, label: role.Arn!, description: role.Description }))}
        statusType={roles.loading ? 'loading' : roles.error !== undefined ? 'error' : 'finished'}
        loadingText="Looking for roles"
        errorText="The roles could not be listed; type an ARN"
        enteredTextLabel={text => `Use "${text}"`}
        placeholder="arn:aws:iam::..."
        empty="No role trusts SageMaker"
        ariaLabel="Role"
      />
    </FormField>
  );
}
