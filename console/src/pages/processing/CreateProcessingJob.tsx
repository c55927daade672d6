import { CreateProcessingJobCommand, DescribeProcessingJobCommand, ProcessingInstanceType } from '@aws-sdk/client-sagemaker';
import AttributeEditor from '@cloudscape-design/components/attribute-editor';
import Box from '@cloudscape-design/components/box';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';

import { sagemaker } from '../../aws/sagemaker';
import { BeginWith, CreateForm } from '../../parts/CreateForm';
import { ChoiceField, CountField, isCount, JsonField, LinesField, missing, TextField } from '../../parts/fields';
import { RoleInput } from '../../parts/RoleInput';
import { S3Input } from '../../parts/S3Input';
import { Pairs } from '../training/Hyperparameters';
import { type Draft, draftOf, EMPTY, type Place, requestOf } from './draft';

interface SectionProps {
  draft: Draft;
  edit: (part: Partial<Draft>) => void;
  checked: boolean;
}

async function cloned(name: string, signal: AbortSignal): Promise<Draft> {
  return draftOf(await sagemaker().send(new DescribeProcessingJobCommand({ ProcessingJobName: name }), { abortSignal: signal }));
}

function complete(draft: Draft): boolean {
  return Boolean(draft.name && draft.role && draft.image) && [draft.instanceCount, draft.volume, draft.maxSeconds].every(isCount);
}

function What({ draft, edit, checked }: SectionProps) {
  return (
    <Container header={<Header variant="h2">What runs</Header>}>
      <SpaceBetween size="m">
        <TextField label="Name" value={draft.name} change={name => edit({ name })} constraint="Letters, digits and hyphens, at most 63; unique in this account and region" error={missing(checked, draft.name)} />
        <RoleInput value={draft.role} change={role => edit({ role })} error={missing(checked, draft.role)} />
        <TextField label="Image" value={draft.image} change={image => edit({ image })} describe="A framework's, or one of your own." placeholder="683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3" error={missing(checked, draft.image)} />
        <ColumnLayout columns={2}>
          <LinesField label="Entrypoint" value={draft.entrypoint} change={entrypoint => edit({ entrypoint })} describe="The program and its first words, one on each line; empty: the image's own." />
          <LinesField label="Arguments" value={draft.words} change={words => edit({ words })} describe="What follows them, one on each line." placeholder={'--part\ntrain'} />
        </ColumnLayout>
      </SpaceBetween>
    </Container>
  );
}

function Places({ title, describe, what, places, change, fresh }: { title: string; describe: string; what: string; places: Place[]; change: (places: Place[]) => void; fresh: Place }) {
  const set = (index: number, part: Partial<Place>) => change(places.map((place, at) => (at === index ? { ...place, ...part } : place)));
  return (
    <Container header={<Header variant="h2" description={describe}>{title}</Header>}>
      <AttributeEditor
        items={places}
        addButtonText={`Add an ${what}`}
        removeButtonText="Remove"
        removeButtonAriaLabel={place => `Remove the ${what} ${place.name}`}
        empty="None."
        onAddButtonClick={() => change([...places, fresh])}
        onRemoveButtonClick={({ detail }) => change(places.filter((_, at) => at !== detail.itemIndex))}
        definition={[
          { label: 'Name', control: (place: Place, index) => <Input value={place.name} ariaLabel={`Name of the ${what}`} onChange={({ detail }) => set(index, { name: detail.value })} /> },
          { label: 'In S3', control: (place: Place, index) => <S3Input value={place.uri} label="In S3" change={uri => set(index, { uri })} /> },
          { label: 'In the container', control: (place: Place, index) => <Input value={place.path} ariaLabel="In the container" onChange={({ detail }) => set(index, { path: detail.value })} /> },
        ]}
      />
    </Container>
  );
}

function Resources({ draft, edit, checked }: SectionProps) {
  return (
    <Container header={<Header variant="h2">Resources</Header>}>
      <ColumnLayout columns={2}>
        <ChoiceField label="Instance type" value={draft.instanceType} change={instanceType => edit({ instanceType })} words={Object.values(ProcessingInstanceType)} find="Find an instance type" describe="How many processors and how much memory the job gets." />
        <CountField label="Instances" value={draft.instanceCount} change={instanceCount => edit({ instanceCount })} checked={checked} />
        <CountField label="Disk of each, in GB" value={draft.volume} change={volume => edit({ volume })} checked={checked} />
        <CountField label="Longest run time, in seconds" value={draft.maxSeconds} change={maxSeconds => edit({ maxSeconds })} checked={checked} />
      </ColumnLayout>
    </Container>
  );
}

function Further({ draft, edit }: SectionProps) {
  return (
    <ExpandableSection variant="container" headerText="Further settings" headerDescription="Environment variables, and every other member of CreateProcessingJob" defaultExpanded={draft.more !== '' || draft.environment.length > 0}>
      <SpaceBetween size="m">
        <div>
          <Box variant="h3">Environment variables</Box>
          <Pairs pairs={draft.environment} what="variable" change={environment => edit({ environment })} />
        </div>
        <JsonField value={draft.more} change={more => edit({ more })} describe="Merged into the request: network, keys, tags, manifests, ..." placeholder={'{"NetworkConfig": {"EnableNetworkIsolation": true}}'} />
      </SpaceBetween>
    </ExpandableSection>
  );
}

function Editor({ initial }: { initial: Draft }) {
  const [draft, setDraft] = useState(initial);
  const edit = (part: Partial<Draft>) => setDraft(before => ({ ...before, ...part }));
  return (
    <CreateForm
      kind="processing job"
      path="processing"
      describe="A script or an image works over data from S3 and leaves its results there"
      operation="CreateProcessingJob"
      name={draft.name}
      complete={complete(draft)}
      request={() => requestOf(draft)}
      send={request => sagemaker().send(new CreateProcessingJobCommand(request))}
    >
      {checked => (
        <SpaceBetween size="l">
          <What draft={draft} edit={edit} checked={checked} />
          <Places title="Inputs" what="input" describe="Each is copied to its folder before the program starts" places={draft.inputs} change={inputs => edit({ inputs })} fresh={{ name: 'data', uri: '', path: '/opt/ml/processing/input/data' }} />
          <Places title="Outputs" what="output" describe="Each folder is copied to S3 when the program has ended" places={draft.outputs} change={outputs => edit({ outputs })} fresh={{ name: '', uri: '', path: '/opt/ml/processing/output/' }} />
          <Resources draft={draft} edit={edit} checked={checked} />
          <Further draft={draft} edit={edit} checked={checked} />
        </SpaceBetween>
      )}
    </CreateForm>
  );
}

export default function CreateProcessingJob() {
  return (
    <BeginWith empty={EMPTY} cloned={cloned}>
      {initial => <Editor initial={initial} />}
    </BeginWith>
  );
}
