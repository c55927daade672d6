import {
  AssemblyType, BatchStrategy, CompressionType, CreateTransformJobCommand, DescribeTransformJobCommand, SplitType, TransformInstanceType,
} from '@aws-sdk/client-sagemaker';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useSearchParams } from 'react-router';

import { sagemaker } from '../../aws/sagemaker';
import { BeginWith, CreateForm } from '../../parts/CreateForm';
import { ChoiceField, CountField, isCount, JsonField, missing, S3Field, TextField } from '../../parts/fields';
import { Suggest } from '../../parts/Suggest';
import { findModels } from '../endpoints/deploy';
import { type Draft, draftOf, EMPTY, requestOf } from './draft';

interface SectionProps {
  draft: Draft;
  edit: (part: Partial<Draft>) => void;
  checked: boolean;
}

async function cloned(name: string, signal: AbortSignal): Promise<Draft> {
  return draftOf(await sagemaker().send(new DescribeTransformJobCommand({ TransformJobName: name }), { abortSignal: signal }));
}

function complete(draft: Draft): boolean {
  return Boolean(draft.name && draft.model && draft.uri && draft.output) && isCount(draft.instanceCount);
}

function General({ draft, edit, checked }: SectionProps) {
  return (
    <Container header={<Header variant="h2">Name and model</Header>}>
      <SpaceBetween size="m">
        <TextField label="Name" value={draft.name} change={name => edit({ name })} constraint="Letters, digits and hyphens, at most 63; unique in this account and region" error={missing(checked, draft.name)} />
        <FormField label="Model" errorText={missing(checked, draft.model)}>
          <Suggest value={draft.model} change={model => edit({ model })} find={findModels} label="Model" />
        </FormField>
      </SpaceBetween>
    </Container>
  );
}

function Data({ draft, edit, checked }: SectionProps) {
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2" description="What the model is asked about">Input</Header>}>
        <SpaceBetween size="m">
          <S3Field label="Input in S3" value={draft.uri} change={uri => edit({ uri })} describe="Every object below it is answered." error={missing(checked, draft.uri)} />
          <ColumnLayout columns={2}>
            <TextField label="Content type" value={draft.contentType} change={contentType => edit({ contentType })} />
            <ChoiceField label="Split" value={draft.split} change={split => edit({ split })} words={Object.values(SplitType)} none="not given" describe="Into the pieces that requests are made of." />
            <ChoiceField label="Pieces in a request" value={draft.strategy} change={strategy => edit({ strategy })} words={Object.values(BatchStrategy)} none="as the model asks" />
            <ChoiceField label="Compression" value={draft.compression} change={compression => edit({ compression })} words={Object.values(CompressionType)} none="not given" />
          </ColumnLayout>
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2" description="Where the answers go">Output</Header>}>
        <SpaceBetween size="m">
          <S3Field label="Output in S3" value={draft.output} change={output => edit({ output })} describe="For each object of the input one with .out at its end." error={missing(checked, draft.output)} />
          <ColumnLayout columns={2}>
            <TextField label="Accept" value={draft.accept} change={accept => edit({ accept })} placeholder="as the model answers" />
            <ChoiceField label="Put together with" value={draft.assemble} change={assemble => edit({ assemble })} words={Object.values(AssemblyType)} none="not given" />
          </ColumnLayout>
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  );
}

function Resources({ draft, edit, checked }: SectionProps) {
  return (
    <Container header={<Header variant="h2">Resources</Header>}>
      <ColumnLayout columns={2}>
        <ChoiceField label="Instance type" value={draft.instanceType} change={instanceType => edit({ instanceType })} words={Object.values(TransformInstanceType)} find="Find an instance type" />
        <CountField label="Instances" value={draft.instanceCount} change={instanceCount => edit({ instanceCount })} checked={checked} describe="They share out the objects." />
      </ColumnLayout>
    </Container>
  );
}

function Editor({ initial }: { initial: Draft }) {
  const [draft, setDraft] = useState(initial);
  const edit = (part: Partial<Draft>) => setDraft(before => ({ ...before, ...part }));
  return (
    <CreateForm
      kind="transform job"
      path="transform"
      describe="A model answers a whole folder of data, without an endpoint"
      operation="CreateTransformJob"
      name={draft.name}
      complete={complete(draft)}
      request={() => requestOf(draft)}
      send={request => sagemaker().send(new CreateTransformJobCommand(request))}
    >
      {checked => (
        <SpaceBetween size="l">
          <General draft={draft} edit={edit} checked={checked} />
          <Data draft={draft} edit={edit} checked={checked} />
          <Resources draft={draft} edit={edit} checked={checked} />
          <ExpandableSection variant="container" headerText="Further settings" headerDescription="Every other member of CreateTransformJob" defaultExpanded={draft.more !== ''}>
            <JsonField value={draft.more} change={more => edit({ more })} describe="Merged into the request: filters and joins, environment, payload sizes, tags, ..." placeholder={'{"DataProcessing": {"InputFilter": "$[1:]", "JoinSource": "Input"}}'} />
          </ExpandableSection>
        </SpaceBetween>
      )}
    </CreateForm>
  );
}

// A model's page leads here with its name.
export default function CreateTransformJob() {
  const model = useSearchParams()[0].get('model') ?? '';
  return (
    <BeginWith empty={{ ...EMPTY, model }} cloned={cloned}>
      {initial => <Editor initial={initial} />}
    </BeginWith>
  );
}
