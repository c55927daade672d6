import { CreateTrainingJobCommand, DescribeTrainingJobCommand } from '@aws-sdk/client-sagemaker';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';

import { sagemaker } from '../../aws/sagemaker';
import { usePolled } from '../../aws/usePolled';
import { BeginWith, CreateForm } from '../../parts/CreateForm';
import { ErrorBox } from '../../parts/ErrorBox';
import { algorithmOfImage, describeAlgorithm } from './algorithms';
import { type Draft, draftOf, EMPTY, faultOf, requestOfDraft } from './draft';
import { nextName, requestOf } from './request';
import { Algorithm, Further, General, Inputs, Resources, type SectionProps } from './sections';

async function cloned(name: string, signal: AbortSignal): Promise<Draft> {
  const job = await sagemaker().send(new DescribeTrainingJobCommand({ TrainingJobName: name }), { abortSignal: signal });
  const draft = draftOf(requestOf(job), algorithmOfImage(job.AlgorithmSpecification?.TrainingImage));
  return { ...draft, name: nextName(name) };
}

function complete({ draft, algorithm }: Pick<SectionProps, 'draft' | 'algorithm'>): boolean {
  const specifications = draft.algorithm ? (algorithm?.TrainingSpecification?.SupportedHyperParameters ?? []) : [];
  return (
    Boolean(draft.name && draft.role && draft.output && (draft.algorithm || draft.image)) &&
    specifications.every(one => faultOf(one, draft.hyperparameters[one.Name!] ?? '') === undefined)
  );
}

function Editor({ initial }: { initial: Draft }) {
  const [draft, setDraft] = useState(initial);
  const algorithm = usePolled(signal => describeAlgorithm(draft.algorithm, signal), [draft.algorithm], { every: 0, enabled: draft.algorithm !== '' });
  const image = algorithm.data?.TrainingSpecification?.TrainingImage ?? '';
  const edit = (part: Partial<Draft>) => setDraft(before => ({ ...before, ...part }));
  return (
    <CreateForm
      kind="training job"
      path="training"
      describe="The algorithm learns from data in S3 and leaves a model there"
      operation="CreateTrainingJob"
      name={draft.name}
      complete={complete({ draft, algorithm: algorithm.data })}
      request={() => requestOfDraft(draft, image)}
      send={request => sagemaker().send(new CreateTrainingJobCommand(request))}
    >
      {checked => {
        const section: SectionProps = { draft, edit, algorithm: algorithm.data, checked };
        return (
          <SpaceBetween size="l">
            <General {...section} />
            {algorithm.error !== undefined && <ErrorBox error={algorithm.error} doing="The algorithm's hyperparameters" retry={() => void algorithm.refresh()} />}
            <Algorithm {...section} />
            <Inputs {...section} />
            <Resources {...section} />
            <Further {...section} />
          </SpaceBetween>
        );
      }}
    </CreateForm>
  );
}

export default function CreateTrainingJob() {
  return (
    <BeginWith empty={EMPTY} cloned={cloned}>
      {initial => <Editor key={initial.name} initial={initial} />}
    </BeginWith>
  );
}
