import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type Dispatch, type RefObject, type SetStateAction, useState } from 'react';

import { Suggest } from '../../parts/Suggest';
import { type Draft, EMPTY, refill } from '../models/draft';
import { FromJob } from '../models/FromJob';
import { ModelForm } from '../models/ModelForm';
import { findModels, type Plan } from './deploy';

// The same plan with another first model; names that nobody has changed follow the model's.
function withModel(plan: Plan, name: string, draft?: Draft): Plan {
  const before = plan.variants[0]!.model;
  const follow = (was: string) => (was === before || was === '' ? name : was);
  const [first, ...rest] = plan.variants;
  return { model: draft, variants: [{ ...first!, model: name }, ...rest], config: follow(plan.config), endpoint: follow(plan.endpoint) };
}

interface Props {
  plan: Plan;
  change: Dispatch<SetStateAction<Plan>>;
  job: string;
  setJob: (job: string) => void;
  filled: RefObject<Draft>; // what the training job brought last; it outlasts this step
}

export function ChooseModel({ plan, change, job, setJob, filled }: Props) {
  const [way, setWay] = useState(job || plan.model ? 'job' : 'model');
  const begin = (model?: Draft) => change(before => withModel(before, model?.name ?? '', model));
  const edit = (next: (before: Draft) => Draft) =>
    change(before => {
      const model = next(before.model ?? EMPTY);
      return withModel(before, model.name, model);
    });
  const fill = (next: Draft) => {
    const was = filled.current;
    filled.current = next;
    edit(before => refill(before, was, next));
  };
  const choose = (value: string) => {
    setWay(value);
    filled.current = EMPTY;
    begin(value === 'job' ? EMPTY : undefined);
  };
  return (
    <Container>
      <SpaceBetween size="l">
        <FormField label="What to deploy">
          <RadioGroup
            value={way}
            onChange={({ detail }) => choose(detail.value)}
            items={[
              { value: 'model', label: 'A model that is there' },
              { value: 'job', label: 'What a training job has made', description: 'A model is made of it first.' },
            ]}
          />
        </FormField>
        {way === 'model' ? (
          <FormField label="Model">
            <Suggest value={plan.variants[0]!.model} change={name => change(before => withModel(before, name))} find={findModels} placeholder="The name of a model" />
          </FormField>
        ) : (
          <SpaceBetween size="m">
            <FromJob job={job} change={setJob} fill={fill} />
            {plan.model && <ModelForm draft={plan.model} change={changes => edit(before => ({ ...before, ...changes }))} strict={plan.model.image !== ''} />}
          </SpaceBetween>
        )}
      </SpaceBetween>
    </Container>
  );
}
