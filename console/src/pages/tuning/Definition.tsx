import type { CreateHyperParameterTuningJobRequest, DescribeHyperParameterTuningJobResponse, HyperParameterTrainingJobDefinition } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { useMemo } from 'react';

import { CodeSample } from '../../parts/CodeSample';
import { CopyText } from '../../parts/CopyText';
import { boto3 } from '../../parts/python';
import { S3Link } from '../../parts/S3Link';
import { algorithmOfImage } from '../training/algorithms';
import type { Search } from './trials';

type Job = DescribeHyperParameterTuningJobResponse;

interface Range {
  name: string;
  kind: string;
  values: string;
  scaling: string;
}

function rangesOf(search: Search): Range[] {
  const numeric = (kind: string, list: { Name?: string; MinValue?: string; MaxValue?: string; ScalingType?: string }[] = []) =>
    list.map(range => ({ name: range.Name!, kind, values: `${range.MinValue} to ${range.MaxValue}`, scaling: range.ScalingType ?? 'Auto' }));
  return [
    ...numeric('Continuous', search.ranges.ContinuousParameterRanges),
    ...numeric('Integer', search.ranges.IntegerParameterRanges),
    ...(search.ranges.CategoricalParameterRanges ?? []).map(range => ({ name: range.Name!, kind: 'Categorical', values: (range.Values ?? []).join(', '), scaling: '–' })),
  ];
}

function Ranges({ search }: { search: Search }) {
  return (
    <Table
      variant="container"
      header={<Header variant="h2">{search.name ? `What ${search.name} searches` : 'What is searched'}</Header>}
      items={rangesOf(search)}
      trackBy="name"
      wrapLines
      ariaLabels={{ tableLabel: 'Ranges of hyperparameters' }}
      columnDefinitions={[
        { id: 'name', header: 'Hyperparameter', isRowHeader: true, cell: range => range.name },
        { id: 'kind', header: 'Kind', cell: range => range.kind },
        { id: 'values', header: 'Values', cell: range => range.values },
        { id: 'scaling', header: 'Scaling', cell: range => range.scaling },
      ]}
    />
  );
}

function Training({ definition }: { definition: HyperParameterTrainingJobDefinition }) {
  const fixed = Object.entries(definition.StaticHyperParameters ?? {}).filter(([name]) => !name.startsWith('_'));
  return (
    <Container header={<Header variant="h2">{definition.DefinitionName ? `Training of ${definition.DefinitionName}` : 'Training'}</Header>}>
      <KeyValuePairs
        columns={2}
        items={[
          { label: 'Image', value: <CopyText text={definition.AlgorithmSpecification?.TrainingImage} what="image" /> },
          { label: 'Role', value: <CopyText text={definition.RoleArn} what="role's ARN" /> },
          { label: 'Instances', value: `${definition.ResourceConfig?.InstanceCount ?? 1} × ${definition.ResourceConfig?.InstanceType ?? '–'}` },
          { label: 'Output', value: <S3Link uri={definition.OutputDataConfig?.S3OutputPath} /> },
          ...(definition.InputDataConfig ?? []).map(channel => ({
            label: `Channel ${channel.ChannelName}`,
            value: <S3Link uri={channel.DataSource?.S3DataSource?.S3Uri} />,
          })),
          ...fixed.map(([label, value]) => ({ label, value })),
        ]}
      />
    </Container>
  );
}

// What an input of Create cannot have, and what the server fills in by itself.
const GIVEN_BACK = [
  'HyperParameterTuningJobArn', 'HyperParameterTuningJobStatus', 'CreationTime', 'HyperParameterTuningEndTime', 'LastModifiedTime',
  'TrainingJobStatusCounters', 'ObjectiveStatusCounters', 'BestTrainingJob', 'OverallBestTrainingJob', 'FailureReason',
  'TuningJobCompletionDetails', 'ConsumedResources', '$metadata',
];

function withoutOwn(definition: HyperParameterTrainingJobDefinition): HyperParameterTrainingJobDefinition {
  const fixed = Object.entries(definition.StaticHyperParameters ?? {}).filter(([name]) => !name.startsWith('_'));
  const algorithm = definition.AlgorithmSpecification;
  // Those of a built-in algorithm are its own: shown, and not to be given.
  const builtIn = !definition.StaticHyperParameters?.sagemaker_program && algorithmOfImage(algorithm?.TrainingImage) !== '';
  return {
    ...definition,
    AlgorithmSpecification: algorithm && { ...algorithm, MetricDefinitions: builtIn ? undefined : algorithm.MetricDefinitions },
    StaticHyperParameters: fixed.length ? Object.fromEntries(fixed) : undefined,
  };
}

export function requestOf(job: Job): CreateHyperParameterTuningJobRequest {
  const request = Object.fromEntries(Object.entries(job).filter(([name]) => !GIVEN_BACK.includes(name))) as Partial<CreateHyperParameterTuningJobRequest>;
  if (request.TrainingJobDefinition) request.TrainingJobDefinition = withoutOwn(request.TrainingJobDefinition);
  if (request.TrainingJobDefinitions) request.TrainingJobDefinitions = request.TrainingJobDefinitions.map(withoutOwn);
  const name = `${job.HyperParameterTuningJobName}`.slice(0, 27).replace(/-+$/, '');
  return { ...request, HyperParameterTuningJobName: `${name}-copy` } as CreateHyperParameterTuningJobRequest;
}

export function Definition({ job, searches }: { job: Job; searches: Search[] }) {
  const code = useMemo(() => boto3('sagemaker', 'CreateHyperParameterTuningJob', requestOf(job)), [job]);
  const definitions = job.TrainingJobDefinitions?.length ? job.TrainingJobDefinitions : job.TrainingJobDefinition ? [job.TrainingJobDefinition] : [];
  return (
    <SpaceBetween size="l">
      {searches.map(search => (
        <Ranges key={search.name} search={search} />
      ))}
      {definitions.map((definition, index) => (
        <Training key={definition.DefinitionName ?? index} definition={definition} />
      ))}
      <Container header={<Header variant="h2" description="The same search once more, under another name: change what you like and run it in a notebook.">Clone</Header>}>
        <SpaceBetween size="s">
          <CodeSample code={code} label="Python, boto3" />
          <Box color="text-body-secondary">AWS_ENDPOINT_URL and a key, as “clary env” prints them, are all that boto3 needs.</Box>
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  );
}
