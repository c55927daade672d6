import { DeleteEndpointCommand, DeleteEndpointConfigCommand, DeleteModelCommand, DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';

import { problemOf } from '../../aws/errors';
import { sagemaker } from '../../aws/sagemaker';

const LOOK_MS = 500;
const LONGEST_MS = 15 * 60_000;

async function gone(act: () => Promise<unknown>) {
  try {
    await act();
  } catch (thrown) {
    if (problemOf(thrown).kind !== 'missing') throw thrown; // a first try had come so far
  }
}

// "" when there is none.
async function statusOf(endpoint: string): Promise<string> {
  let status = '';
  await gone(async () => {
    status = (await sagemaker().send(new DescribeEndpointCommand({ EndpointName: endpoint }))).EndpointStatus ?? '';
  });
  return status;
}

// Asks for it; the endpoint goes a little later (untilGone). It is the first: nothing that it was
// made from goes while it cannot be deleted.
export async function removeEndpoint(endpoint: string, config: string | undefined, models: string[]) {
  try {
    await gone(() => sagemaker().send(new DeleteEndpointCommand({ EndpointName: endpoint })));
  } catch (thrown) {
    // A first try had come so far: it may not be asked for twice.
    const status = await statusOf(endpoint);
    if (status !== 'Deleting' && status !== '') throw thrown;
  }
  if (config) await gone(() => sagemaker().send(new DeleteEndpointConfigCommand({ EndpointConfigName: config })));
  for (const name of models) await gone(() => sagemaker().send(new DeleteModelCommand({ ModelName: name })));
}

// Until there is no such endpoint any more. A server that restarts meanwhile is waited for.
export async function untilGone(endpoint: string) {
  const end = Date.now() + LONGEST_MS;
  while (Date.now() < end) {
    try {
      const status = await statusOf(endpoint);
      if (status === '') return;
      if (status !== 'Deleting') throw new Error(`The endpoint ${endpoint} was being deleted and is ${status} now.`);
    } catch (thrown) {
      if (!['unreachable', 'busy'].includes(problemOf(thrown).kind)) throw thrown;
    }
    await new Promise(done => setTimeout(done, LOOK_MS));
  }
  throw new Error(`The endpoint ${endpoint} is still being deleted. Its page shows when it is gone.`);
}
