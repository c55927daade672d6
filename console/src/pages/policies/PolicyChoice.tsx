import Multiselect from '@cloudscape-design/components/multiselect';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMemo } from 'react';

import { usePolled } from '../../aws/usePolled';
import { ErrorBox } from '../../parts/ErrorBox';
import { everyPolicy } from './documents';

// Managed policies to choose from, by name.
export function PolicyChoice({ arns, choose }: { arns: string[]; choose: (arns: string[]) => void }) {
  const policies = usePolled(signal => everyPolicy('All', signal), [], { every: 0 });
  const options = useMemo(
    () => (policies.data ?? []).map(policy => ({ value: policy.PolicyArn!, label: policy.PolicyName!, description: policy.PolicyArn! })),
    [policies.data]
  );
  return (
    <SpaceBetween size="xs">
      {policies.error !== undefined && !policies.data && <ErrorBox error={policies.error} retry={() => void policies.refresh()} />}
      <Multiselect
        selectedOptions={options.filter(option => arns.includes(option.value))}
        options={options}
        filteringType="auto"
        virtualScroll
        statusType={policies.loading ? 'loading' : 'finished'}
        loadingText="Loading policies"
        placeholder="Choose policies"
        filteringAriaLabel="Find a policy"
        filteringPlaceholder="Find a policy"
        deselectAriaLabel={option => `Leave out ${option.label}`}
        empty="No policy"
        onChange={({ detail }) => choose(detail.selectedOptions.map(option => option.value!))}
      />
    </SpaceBetween>
  );
}
