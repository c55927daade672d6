import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';

import { Suggest } from '../../parts/Suggest';
import { type Draft, EMPTY } from '../models/draft';
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

export function ChooseModel(props: { plan: Plan; change: (plan: Plan) => void; job: string; setJob: (job: string) => void }) {
  const { plan, change, job, setJob } = props;
  const [way, setWay] = useState(job || plan.model ? 'job' : 'model');
  const draft = plan.model ?? EMPTY;
  const fill = (next: Draft) => change(withModel(plan, next.name, next));
  const choose = (value: string) => {
    setWay(value);
    if (value === 'model') change(withModel(plan, '', undefined));
    else fill(EMPTY);
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
            <Suggest value={plan.variants[0]!.model} change={name => change(withModel(plan, name))} find={findModels} placeholder="The name of a model" />
          </FormField>
        ) : (
          <SpaceBetween size="m">
            {/* What was filled in stays when somebody comes back to this step. */}
            <FromJob
              job={job}
              change={setJob}
              fill={next => {
                if (plan.model?.artifact !== next.artifact) fill(next);
              }}
            />
            {plan.model && <ModelForm draft={draft} change={changes => fill({ ...draft, ...changes })} strict={draft.image !== ''} />}
          </SpaceBetween>
        )}
      </SpaceBetween>
    </Container>
  );
}
