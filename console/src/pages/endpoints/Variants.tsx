import { type DescribeEndpointOutput, type ProductionVariantSummary, UpdateEndpointWeightsAndCapacitiesCommand } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Slider from '@cloudscape-design/components/slider';
import SpaceBetween from '@cloudscape-design/components/space-between';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import { useEffect, useState } from 'react';

import { notify } from '../../app/flashes';
import { sagemaker } from '../../aws/sagemaker';
import { CodeSample } from '../../parts/CodeSample';
import { ErrorBox } from '../../parts/ErrorBox';
import { boto3 } from '../../parts/python';

interface Wish {
  part: number; // of the slider, 0 to 100
  count: number;
}
type Wishes = Record<string, Wish>;

function nowOf(variants: ProductionVariantSummary[]): Wishes {
  const total = variants.reduce((sum, one) => sum + (one.DesiredWeight ?? one.CurrentWeight ?? 0), 0) || 1;
  return Object.fromEntries(
    variants.map(one => [
      one.VariantName!,
      { part: Math.round((100 * (one.DesiredWeight ?? one.CurrentWeight ?? 0)) / total), count: one.DesiredInstanceCount ?? one.CurrentInstanceCount ?? 1 },
    ])
  );
}

function requestOf(endpoint: string, wishes: Wishes) {
  return {
    EndpointName: endpoint,
    DesiredWeightsAndCapacities: Object.entries(wishes).map(([VariantName, { part, count }]) => ({
      VariantName,
      DesiredWeight: part / 100,
      DesiredInstanceCount: count,
    })),
  };
}

function share(part: number, total: number): string {
  return total === 0 ? '0 %' : `${Number(((100 * part) / total).toFixed(1))} %`;
}

function One(props: { variant: ProductionVariantSummary; wish: Wish; total: number; alone: boolean; change: (wish: Wish) => void }) {
  const { variant, wish, total } = props;
  const name = variant.VariantName!;
  const model = variant.DeployedImages?.[0]?.SpecifiedImage;
  return (
    <ColumnLayout columns={3}>
      <SpaceBetween size="xxs">
        <Box variant="strong">{name}</Box>
        <Box color="text-body-secondary" fontSize="body-s">
          {variant.CurrentInstanceCount ?? 0} of {variant.DesiredInstanceCount ?? variant.CurrentInstanceCount ?? 0} instances serve
        </Box>
        {model && (
          <Box color="text-body-secondary" fontSize="body-s">
            {model}
          </Box>
        )}
      </SpaceBetween>
      <FormField label={`Share of traffic of ${name}`} description={props.alone ? 'The only variant gets everything.' : `${share(wish.part, total)} of all requests`}>
        <Slider
          value={wish.part}
          min={0}
          max={100}
          disabled={props.alone}
          ariaLabel={`Share of traffic of ${name}`}
          onChange={({ detail }) => props.change({ ...wish, part: detail.value })}
        />
      </FormField>
      <FormField label={`Instances of ${name}`}>
        <Input
          type="number"
          inputMode="numeric"
          value={String(wish.count)}
          onChange={({ detail }) => props.change({ ...wish, count: Math.max(1, Math.floor(Number(detail.value)) || 1) })}
        />
      </FormField>
    </ColumnLayout>
  );
}

// How traffic is shared out and on how many instances, with what would change it.
export function Variants({ endpoint, changed }: { endpoint: DescribeEndpointOutput; changed: () => Promise<void> }) {
  const variants = endpoint.ProductionVariants ?? [];
  const now = nowOf(variants);
  const [wishes, setWishes] = useState(now);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const key = JSON.stringify(now);
  // What somebody else has changed shows, unless this page is being changed as well.
  useEffect(() => setWishes(JSON.parse(key) as Wishes), [key]);
  const same = JSON.stringify(wishes) === key;
  const total = Object.values(wishes).reduce((sum, one) => sum + one.part, 0);
  const request = requestOf(endpoint.EndpointName!, wishes);
  const apply = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await sagemaker().send(new UpdateEndpointWeightsAndCapacitiesCommand(request));
      notify('info', `${endpoint.EndpointName} is changing how it shares its traffic.`);
      await changed();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button disabled={same || busy} onClick={() => setWishes(now)}>
                Undo
              </Button>
              <Button variant="primary" loading={busy} loadingText="Applying" disabled={same || total === 0 || endpoint.EndpointStatus !== 'InService'} onClick={() => void apply()}>
                Apply
              </Button>
            </SpaceBetween>
          }
        >
          Variants
        </Header>
      }
    >
      <SpaceBetween size="l">
        {error !== undefined && <ErrorBox error={error} />}
        {variants.map(variant => (
          <One
            key={variant.VariantName}
            variant={variant}
            wish={wishes[variant.VariantName!] ?? { part: 0, count: 1 }}
            total={total}
            alone={variants.length === 1}
            change={wish => setWishes({ ...wishes, [variant.VariantName!]: wish })}
          />
        ))}
        {!same && (
          <ExpandableSection headerText="The same with boto3">
            <CodeSample label="boto3" code={boto3('sagemaker', 'UpdateEndpointWeightsAndCapacities', request)} />
          </ExpandableSection>
        )}
      </SpaceBetween>
    </Container>
  );
}
