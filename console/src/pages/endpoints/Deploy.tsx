import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import Container from '@cloudscape-design/components/container';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Wizard from '@cloudscape-design/components/wizard';
import { type SetStateAction, useRef, useState } from 'react';

import { notify } from '../../app/flashes';
import { to, useNavigate, useQuery } from '../../app/navigation';
import { CodeSample } from '../../parts/CodeSample';
import { ErrorBox } from '../../parts/ErrorBox';
import { boto3 } from '../../parts/python';
import { EMPTY } from '../models/draft';
import { ChooseModel } from './ChooseModel';
import { deploy, modelFault, namesFault, type Plan, pythonOf, type Step, variantsFault } from './deploy';
import { Instances, Names } from './DeployForms';

const WORDS: Record<Step, string> = { model: 'The model', config: 'The configuration', endpoint: 'The endpoint' };

function Review({ plan, error, done }: { plan: Plan; error?: unknown; done: Set<Step> }) {
  return (
    <SpaceBetween size="l">
      {error !== undefined && (
        <SpaceBetween size="s">
          <ErrorBox error={error} />
          {done.size > 0 && <Box>{[...done].map(step => WORDS[step]).join(' and ')} was made already; "Deploy" goes on after it.</Box>}
        </SpaceBetween>
      )}
      <Container header={<Header variant="h2">What will be made</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            ...(plan.model ? [{ label: 'Model', value: `${plan.model.name}, from ${plan.model.artifact || plan.model.image}` }] : []),
            { label: 'Configuration', value: plan.config },
            { label: 'Endpoint', value: plan.endpoint },
            ...plan.variants.map(one => ({ label: `Variant ${one.name}`, value: `${one.model} on ${one.count} × ${one.type}, weight ${one.weight}` })),
          ]}
        />
      </Container>
      <CodeSample label="The same with boto3" code={pythonOf(plan, (operation, request) => boto3('sagemaker', operation, request))} />
    </SpaceBetween>
  );
}

function fresh(model: string): Plan {
  return { variants: [{ name: 'AllTraffic', model, type: 'ml.m5.large', count: 1, weight: 1 }], config: model, endpoint: model };
}

// ?model=NAME deploys that model, ?job=NAME one that is made from that training job.
export default function Deploy() {
  const navigate = useNavigate();
  const [model] = useQuery('model');
  const [job, setJob] = useQuery('job');
  const [plan, setPlan] = useState(() => fresh(model));
  const [step, setStep] = useState(0);
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const done = useRef(new Set<Step>());
  const filled = useRef(EMPTY);
  const change = (next: SetStateAction<Plan>) => {
    setPlan(next);
    setFault(undefined);
  };
  const faults = [modelFault, variantsFault, namesFault];
  const go = (to: number) => {
    const bad = to > step ? faults[step]?.(plan) : undefined;
    setFault(bad);
    if (!bad) setStep(to);
  };
  const submit = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await deploy(plan, done.current);
      notify('info', `Endpoint ${plan.endpoint} is coming up.`);
      void navigate(to('endpoints', plan.endpoint));
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <Wizard
      activeStepIndex={step}
      onNavigate={({ detail }) => go(detail.requestedStepIndex)}
      onCancel={() => void navigate('/endpoints')}
      onSubmit={() => void submit()}
      isLoadingNextStep={busy}
      submitButtonText="Deploy"
      i18nStrings={{
        stepNumberLabel: number => `Step ${number}`,
        collapsedStepsLabel: (at, count) => `Step ${at} of ${count}`,
        navigationAriaLabel: 'Steps',
        cancelButton: 'Cancel',
        previousButton: 'Back',
        nextButton: 'Next',
        errorIconAriaLabel: 'Error',
      }}
      steps={[
        { title: 'Model', errorText: step === 0 ? fault : undefined, content: <ChooseModel plan={plan} change={change} job={job} setJob={setJob} filled={filled} /> },
        { title: 'Instances', errorText: step === 1 ? fault : undefined, content: <Instances plan={plan} change={change} /> },
        { title: 'Names', errorText: step === 2 ? fault : undefined, content: <Names plan={plan} change={change} /> },
        { title: 'Review', content: <Review plan={plan} error={error} done={done.current} /> },
      ]}
    />
  );
}
