import AttributeEditor from '@cloudscape-design/components/attribute-editor';
import Checkbox from '@cloudscape-design/components/checkbox';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { RoleInput } from '../../parts/RoleInput';
import { S3Input } from '../../parts/S3Input';
import { type Draft, faultsOf, NAME_RULE } from './draft';

interface Props {
  draft: Draft;
  change: (changes: Partial<Draft>) => void;
  strict: boolean; // say what is missing too
}

export function ModelForm({ draft, change, strict }: Props) {
  const faults = faultsOf(draft);
  const fault = (name: keyof Draft) => (strict || draft[name] !== '' ? faults[name] : undefined);
  const set = change;
  const variable = (at: number, changes: Partial<Draft['environment'][number]>) =>
    set({ environment: draft.environment.map((one, index) => (index === at ? { ...one, ...changes } : one)) });
  return (
    <SpaceBetween size="m">
      <FormField label="Model name" constraintText={NAME_RULE} errorText={fault('name')}>
        <Input value={draft.name} spellcheck={false} onChange={({ detail }) => set({ name: detail.value })} />
      </FormField>
      <FormField label="Image" description="The image that serves it; of a built-in algorithm the one that trained it." errorText={fault('image')}>
        <Input value={draft.image} spellcheck={false} onChange={({ detail }) => set({ image: detail.value })} />
      </FormField>
      <FormField label="Model data" description="The model.tar.gz of a training job." errorText={fault('artifact')}>
        <S3Input value={draft.artifact} change={artifact => set({ artifact })} label="Model data" placeholder="s3://bucket/path/model.tar.gz" />
      </FormField>
      <RoleInput value={draft.role} change={role => set({ role })} error={fault('role')} />
      <ExpandableSection headerText="Environment and network" variant="footer">
        <SpaceBetween size="m">
          <AttributeEditor<Draft['environment'][number]>
            items={draft.environment}
            addButtonText="Add a variable"
            removeButtonText="Remove"
            empty="No variables."
            onAddButtonClick={() => set({ environment: [...draft.environment, { name: '', value: '' }] })}
            onRemoveButtonClick={({ detail }) => set({ environment: draft.environment.filter((_, index) => index !== detail.itemIndex) })}
            definition={[
              { label: 'Variable', control: (one, index) => <Input value={one.name} onChange={({ detail }) => variable(index, { name: detail.value })} /> },
              { label: 'Value', control: (one, index) => <Input value={one.value} onChange={({ detail }) => variable(index, { value: detail.value })} /> },
            ]}
          />
          <Checkbox checked={draft.isolated} onChange={({ detail }) => set({ isolated: detail.checked })}>
            No network for the container
          </Checkbox>
        </SpaceBetween>
      </ExpandableSection>
    </SpaceBetween>
  );
}
