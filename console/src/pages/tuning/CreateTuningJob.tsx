import { CreateHyperParameterTuningJobCommand, DescribeHyperParameterTuningJobCommand } from '@aws-sdk/client-sagemaker';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';

import { sagemaker } from '../../aws/sagemaker';
import { usePolled } from '../../aws/usePolled';
import { BeginWith, CreateForm } from '../../parts/CreateForm';
import { ErrorBox } from '../../parts/ErrorBox';
import { isCount, JsonField } from '../../parts/fields';
import { algorithmOfImage, describeAlgorithm } from '../training/algorithms';
import { Algorithm, Further, General, Inputs, Resources, type SectionProps } from '../training/sections';
import { requestOf as requestOfJob } from './Definition';
import { type Draft, draftOf, EMPTY, requestOf } from './draft';
import { SearchSection } from './SearchSection';

async function cloned(name: string, signal: AbortSignal): Promise<Draft> {
  const job = await sagemaker().send(new DescribeHyperParameterTuningJobCommand({ HyperParameterTuningJobName: name }), { abortSignal: signal });
  return draftOf(requestOfJob(job), algorithmOfImage(job.TrainingJobDefinition?.AlgorithmSpecification?.TrainingImage));
}

function complete({ training, ...search }: Draft): boolean {
  return (
    Boolean(training.name && training.role && training.output && (training.algorithm || training.image) && search.metric) &&
    (search.jobs === '' || isCount(search.jobs)) && isCount(search.parallel) && search.ranges.some(one => one.name)
  );
}

function Editor({ initial }: { initial: Draft }) {
  const [draft, setDraft] = useState(initial);
  const { training } = draft;
  const algorithm = usePolled(signal => describeAlgorithm(training.algorithm, signal), [training.algorithm], { every: 0, enabled: training.algorithm !== '' });
  const image = algorithm.data?.TrainingSpecification?.TrainingImage ?? '';
  const edit = (part: Partial<Draft>) => setDraft(before => ({ ...before, ...part }));
  const editTraining = (part: Partial<Draft['training']>) => setDraft(before => ({ ...before, training: { ...before.training, ...part } }));
  return (
    <CreateForm
      kind="tuning job"
      path="tuning"
      describe="Many training jobs look for the hyperparameters that do best"
      operation="CreateHyperParameterTuningJob"
      name={training.name}
      complete={complete(draft)}
      request={() => requestOf(draft, image)}
      send={request => sagemaker().send(new CreateHyperParameterTuningJobCommand(request))}
    >
      {checked => {
        const section: SectionProps = { draft: training, edit: editTraining, algorithm: algorithm.data, checked, searched: draft.ranges.map(one => one.name) };
        return (
          <SpaceBetween size="l">
            <General {...section} longest={32} />
            <SearchSection draft={draft} edit={edit} algorithm={algorithm.data} checked={checked} />
            {algorithm.error !== undefined && <ErrorBox error={algorithm.error} doing="The algorithm's hyperparameters" retry={() => void algorithm.refresh()} />}
            <Algorithm {...section} />
            <Inputs {...section} />
            <Resources {...section} />
            <Further {...section} />
            <ExpandableSection variant="container" headerText="Further settings of the search" headerDescription="Every other member of CreateHyperParameterTuningJob" defaultExpanded={draft.more !== ''}>
              <JsonField value={draft.more} change={more => edit({ more })} describe="Merged into the request: warm start, completion criteria, seeds, tags, ..." placeholder={'{"HyperParameterTuningJobConfig": {"RandomSeed": 7}}'} />
            </ExpandableSection>
          </SpaceBetween>
        );
      }}
    </CreateForm>
  );
}

export default function CreateTuningJob() {
  return (
    <BeginWith empty={EMPTY} cloned={cloned}>
      {initial => <Editor initial={initial} />}
    </BeginWith>
  );
}
