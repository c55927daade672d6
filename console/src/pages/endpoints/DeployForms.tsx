import { ProductionVariantInstanceType } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { Suggest } from '../../parts/Suggest';
import { NAME_RULE } from '../models/draft';
import { findModels, type Plan, type VariantPlan } from './deploy';

const TYPES = Object.values(ProductionVariantInstanceType)
  .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  .map(value => ({ value }));

function NumberField(props: { label: string; value: number; whole?: boolean; least: number; change: (value: number) => void; hint?: string }) {
  return (
    <FormField label={props.label} constraintText={props.hint}>
      <Input
        type="number"
        inputMode="decimal"
        step={props.whole ? 1 : 0.1}
        value={String(props.value)}
        onChange={({ detail }) => {
          const value = Number(detail.value);
          const fit = props.whole ? Math.floor(value) : value;
          props.change(Number.isFinite(fit) ? Math.max(props.least, fit) : props.least);
        }}
      />
    </FormField>
  );
}

function Variant(props: { one: VariantPlan; first: boolean; made?: string; change: (one: VariantPlan) => void; remove?: () => void }) {
  const { one } = props;
  const set = (changes: Partial<VariantPlan>) => props.change({ ...one, ...changes });
  return (
    <Container header={<Header variant="h2" actions={props.remove && <Button onClick={props.remove}>Remove {one.name}</Button>}>{one.name || 'Variant'}</Header>}>
      <ColumnLayout columns={2}>
        <FormField label="Variant name">
          <Input value={one.name} spellcheck={false} onChange={({ detail }) => set({ name: detail.value })} />
        </FormField>
        <FormField label="Model">
          {props.first ? <Box padding={{ top: 'xxs' }}>{one.model}</Box> : <Suggest value={one.model} change={model => set({ model })} find={findModels} />}
        </FormField>
        <FormField label="Instance type">
          <Select
            selectedOption={{ value: one.type }}
            options={TYPES}
            filteringType="auto"
            filteringAriaLabel="Find an instance type"
            virtualScroll
            onChange={({ detail }) => set({ type: detail.selectedOption.value ?? '' })}
          />
        </FormField>
        <NumberField label="Instances" value={one.count} least={1} whole change={count => set({ count })} />
        <NumberField label="Weight" value={one.weight} least={0} change={weight => set({ weight })} hint="Its share of the requests is its weight in the sum of all" />
      </ColumnLayout>
    </Container>
  );
}

// What serves the model; a second variant gets a part of the traffic.
export function Instances({ plan, change }: { plan: Plan; change: (plan: Plan) => void }) {
  const set = (at: number, one: VariantPlan) => change({ ...plan, variants: plan.variants.map((before, index) => (index === at ? one : before)) });
  const add = () =>
    change({ ...plan, variants: [...plan.variants, { name: `Variant${plan.variants.length + 1}`, model: '', type: 'ml.m5.large', count: 1, weight: 1 }] });
  return (
    <SpaceBetween size="l">
      {plan.variants.map((one, index) => (
        <Variant
          key={index}
          one={one}
          first={index === 0}
          change={next => set(index, next)}
          remove={index === 0 ? undefined : () => change({ ...plan, variants: plan.variants.filter((_, at) => at !== index) })}
        />
      ))}
      <Button iconName="add-plus" disabled={plan.variants.length >= 10} onClick={add}>
        Add a variant
      </Button>
    </SpaceBetween>
  );
}

export function Names({ plan, change }: { plan: Plan; change: (plan: Plan) => void }) {
  return (
    <Container>
      <SpaceBetween size="m">
        <FormField label="Endpoint name" description="What clients ask for." constraintText={NAME_RULE}>
          <Input value={plan.endpoint} spellcheck={false} onChange={({ detail }) => change({ ...plan, endpoint: detail.value })} />
        </FormField>
        <FormField label="Configuration name" constraintText={NAME_RULE}>
          <Input value={plan.config} spellcheck={false} onChange={({ detail }) => change({ ...plan, config: detail.value })} />
        </FormField>
      </SpaceBetween>
    </Container>
  );
}
