import { type DescribeAlgorithmOutput, TrainingInputMode, TrainingInstanceType } from '@aws-sdk/client-sagemaker';
import AttributeEditor from '@cloudscape-design/components/attribute-editor';
import Box from '@cloudscape-design/components/box';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import RadioGroup from '@cloudscape-design/components/radio-group';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';

import { RoleInput } from '../../parts/RoleInput';
import { S3Input } from '../../parts/S3Input';
import { ALGORITHMS } from './algorithms';
import type { ChannelDraft, Draft } from './draft';
import { Declared, Pairs } from './Hyperparameters';

export interface SectionProps {
  draft: Draft;
  edit: (part: Partial<Draft>) => void;
  algorithm?: DescribeAlgorithmOutput;
  checked: boolean; // somebody tried to send it: say what is missing
  searched?: string[]; // hyperparameters that a tuning job gives each of its training jobs
}

const missing = (checked: boolean, value: string) => (checked && !value ? 'This has to be given.' : undefined);

export function General({ draft, edit, checked, longest = 63 }: SectionProps & { longest?: number }) {
  return (
    <Container header={<Header variant="h2">Name and role</Header>}>
      <SpaceBetween size="m">
        <FormField label="Name" constraintText={`Letters, digits and hyphens, at most ${longest}; unique in this account and region`} errorText={missing(checked, draft.name)}>
          <Input value={draft.name} ariaLabel="Name" onChange={({ detail }) => edit({ name: detail.value })} />
        </FormField>
        <RoleInput value={draft.role} change={role => edit({ role })} error={missing(checked, draft.role)} />
      </SpaceBetween>
    </Container>
  );
}

export function Algorithm({ draft, edit, algorithm, checked, searched = [] }: SectionProps) {
  const own = draft.algorithm === '';
  const options = ALGORITHMS.map(one => ({ value: one.name, label: one.label }));
  const pairs = Object.entries(draft.hyperparameters).map(([key, value]) => ({ key, value }));
  return (
    <Container header={<Header variant="h2">Algorithm</Header>}>
      <SpaceBetween size="m">
        <RadioGroup
          value={own ? 'own' : 'builtin'}
          ariaLabel="Which algorithm"
          direction="horizontal"
          onChange={({ detail }) => edit({ algorithm: detail.value === 'own' ? '' : ALGORITHMS[0]!.name })}
          items={[
            { value: 'builtin', label: 'A built-in algorithm' },
            { value: 'own', label: 'An image of your own, or a framework\'s' },
          ]}
        />
        {own ? (
          <FormField label="Training image" errorText={missing(checked, draft.image)}>
            <Input value={draft.image} ariaLabel="Training image" placeholder="000000000000.dkr.ecr.us-east-1.amazonaws.com/team/model:1" onChange={({ detail }) => edit({ image: detail.value })} />
          </FormField>
        ) : (
          <FormField label="Algorithm" description={algorithm?.AlgorithmDescription}>
            <Select selectedOption={options.find(one => one.value === draft.algorithm) ?? null} options={options} ariaLabel="Algorithm" onChange={({ detail }) => edit({ algorithm: detail.selectedOption.value! })} />
          </FormField>
        )}
        <Header variant="h3">Hyperparameters</Header>
        {own ? (
          <Pairs pairs={pairs} what="hyperparameter" change={next => edit({ hyperparameters: Object.fromEntries(next.map(one => [one.key, one.value])) })} />
        ) : (
          <Declared
            specifications={(algorithm?.TrainingSpecification?.SupportedHyperParameters ?? []).filter(one => !searched.includes(one.Name!))}
            values={draft.hyperparameters}
            change={hyperparameters => edit({ hyperparameters })}
            checked={checked}
          />
        )}
      </SpaceBetween>
    </Container>
  );
}

const TYPES = ['text/csv', 'text/libsvm', 'application/x-parquet', 'application/x-recordio-protobuf', 'application/jsonlines', 'application/x-image'];

export function Inputs({ draft, edit }: SectionProps) {
  const change = (index: number, part: Partial<ChannelDraft>) =>
    edit({ channels: draft.channels.map((channel, at) => (at === index ? { ...channel, ...part } : channel)) });
  const types = [{ value: '', label: 'not given' }, ...TYPES.map(value => ({ value, label: value }))];
  return (
    <Container header={<Header variant="h2" description="Each channel is a folder of /opt/ml/input/data, filled from S3">Inputs</Header>}>
      <AttributeEditor
        items={draft.channels}
        addButtonText="Add a channel"
        removeButtonText="Remove"
        removeButtonAriaLabel={channel => `Remove the channel ${channel.name}`}
        empty="No channels: the job reads no data from S3."
        onAddButtonClick={() => edit({ channels: [...draft.channels, { name: draft.channels.length === 1 ? 'validation' : '', uri: '', type: 'text/csv', mode: '' }] })}
        onRemoveButtonClick={({ detail }) => edit({ channels: draft.channels.filter((_, at) => at !== detail.itemIndex) })}
        definition={[
          { label: 'Channel', control: (channel: ChannelDraft, index) => <Input value={channel.name} ariaLabel="Channel" onChange={({ detail }) => change(index, { name: detail.value })} /> },
          { label: 'Data in S3', control: (channel: ChannelDraft, index) => <S3Input value={channel.uri} label="Data in S3" change={uri => change(index, { uri })} /> },
          {
            label: 'Content type',
            control: (channel: ChannelDraft, index) => (
              <Select
                selectedOption={types.find(one => one.value === channel.type) ?? { value: channel.type, label: channel.type }}
                options={types}
                ariaLabel="Content type"
                onChange={({ detail }) => change(index, { type: detail.selectedOption.value ?? '' })}
              />
            ),
          },
        ]}
      />
    </Container>
  );
}

function Number_({ label, value, change, constraint, checked }: { label: string; value: string; change: (value: string) => void; constraint?: string; checked: boolean }) {
  const bad = value !== '' || checked ? !(Number(value) >= 1) : false;
  return (
    <FormField label={label} constraintText={constraint} errorText={bad ? 'A whole number, at least 1.' : undefined}>
      <Input value={value} type="number" inputMode="numeric" ariaLabel={label} onChange={({ detail }) => change(detail.value)} />
    </FormField>
  );
}

export function Resources({ draft, edit, checked }: SectionProps) {
  const types = Object.values(TrainingInstanceType).map(value => ({ value, label: value }));
  return (
    <Container header={<Header variant="h2">Output and resources</Header>}>
      <SpaceBetween size="m">
        <FormField label="Output in S3" description="The model and whatever else the job writes goes into a folder of the job's name there." errorText={missing(checked, draft.output)}>
          <S3Input value={draft.output} label="Output in S3" change={output => edit({ output })} />
        </FormField>
        <ColumnLayout columns={2}>
          <FormField label="Instance type" description="How many processors and how much memory the job gets.">
            <Select
              selectedOption={{ value: draft.instanceType, label: draft.instanceType }}
              options={types}
              filteringType="auto"
              filteringAriaLabel="Find an instance type"
              ariaLabel="Instance type"
              onChange={({ detail }) => edit({ instanceType: detail.selectedOption.value! })}
            />
          </FormField>
          <Number_ label="Instances" value={draft.instanceCount} change={instanceCount => edit({ instanceCount })} checked={checked} />
          <Number_ label="Disk of each, in GB" value={draft.volume} change={volume => edit({ volume })} checked={checked} />
          <Number_ label="Longest run time, in seconds" value={draft.maxSeconds} change={maxSeconds => edit({ maxSeconds })} checked={checked} />
        </ColumnLayout>
      </SpaceBetween>
    </Container>
  );
}

export function Further({ draft, edit }: SectionProps) {
  const modes = Object.values(TrainingInputMode).map(value => ({ value, label: value }));
  return (
    <ExpandableSection variant="container" headerText="Further settings" headerDescription="Input mode, environment variables, and every other member of CreateTrainingJob" defaultExpanded={draft.more !== '' || draft.environment.length > 0}>
      <SpaceBetween size="m">
        <FormField label="Input mode" description="Files are copied first; a fast file is read as it is needed; a pipe is a stream.">
          <Select selectedOption={{ value: draft.inputMode, label: draft.inputMode }} options={modes} ariaLabel="Input mode" onChange={({ detail }) => edit({ inputMode: detail.selectedOption.value! })} />
        </FormField>
        <div>
          <Box variant="h3">Environment variables</Box>
          <Pairs pairs={draft.environment} what="variable" change={environment => edit({ environment })} />
        </div>
        <FormField label="Further members, as JSON" description="Merged into the request: network, checkpoints, spot training, keys, tags, ...">
          <Textarea value={draft.more} rows={6} spellcheck={false} ariaLabel="Further members, as JSON" placeholder={'{"EnableManagedSpotTraining": true, "CheckpointConfig": {"S3Uri": "s3://..."}}'} onChange={({ detail }) => edit({ more: detail.value })} />
        </FormField>
      </SpaceBetween>
    </ExpandableSection>
  );
}
