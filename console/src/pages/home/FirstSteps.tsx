import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Steps from '@cloudscape-design/components/steps';
import { useState } from 'react';

import { notify } from '../../app/flashes';
import { to } from '../../app/navigation';
import { useStore } from '../../app/store';
import { ErrorBox } from '../../parts/ErrorBox';
import { LinkButton } from '../../parts/LinkButton';
import { RoleInput } from '../../parts/RoleInput';
import { cleanUp, runQuickstart } from './quickstart';
import { quickstart, type StepName } from './quickstartState';

const TITLES: [StepName, string][] = [
  ['upload', 'Upload the data of 2,333 customers'],
  ['train', 'Train: who is going to leave?'],
  ['deploy', 'Deploy the model'],
  ['ask', 'Ask it about customers it has never seen'],
];
const LABELS = { pending: 'To do', 'in-progress': 'Under way', success: 'Done', error: 'Failed' };

// The quickstart in the browser.
export function FirstSteps() {
  const now = useStore(quickstart);
  const [role, setRole] = useState('');
  const [error, setError] = useState<unknown>();
  const done = now.steps.ask.status === 'success';
  const clean = async () => {
    setError(undefined);
    try {
      await cleanUp();
      notify('success', 'The example\'s endpoint and model are gone; its job and data are still there.');
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <Container
      header={
        <Header variant="h2" description="A churn model from its data to its first answers, through the same API that your programs will use">
          First steps
        </Header>
      }
    >
      <SpaceBetween size="m">
        <Steps
          ariaLabel="First steps"
          steps={TITLES.map(([name, title]) => ({
            header: title,
            details: now.steps[name].detail,
            status: now.steps[name].status,
            statusIconAriaLabel: LABELS[now.steps[name].status],
          }))}
        />
        {now.error !== undefined && <ErrorBox error={now.error} />}
        {error !== undefined && <ErrorBox error={error} />}
        {!now.running && !done && <RoleInput value={role} change={setRole} />}
        <SpaceBetween direction="horizontal" size="xs">
          {!done && (
            <Button variant="primary" loading={now.running} loadingText="Running" disabled={!role} onClick={() => void runQuickstart(role)}>
              {now.error !== undefined ? 'Run it again' : 'Run the first steps'}
            </Button>
          )}
          {now.job && <LinkButton to={to('training', now.job)}>Look at the job</LinkButton>}
          {now.endpoint && done && <LinkButton to={to('endpoints', now.endpoint)}>Look at the endpoint</LinkButton>}
          {now.endpoint && !now.running && (
            <Button loading={now.removing} loadingText="Deleting the endpoint" onClick={() => void clean()}>
              Delete the endpoint
            </Button>
          )}
        </SpaceBetween>
      </SpaceBetween>
    </Container>
  );
}
