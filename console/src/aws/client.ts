import { store } from '../app/store';
import { credentials, forgetCredentials } from '../session/credentials';
import { state } from '../session/session';

const REGION_KEY = 'clary.region';

// "" is the server's own region.
export const chosenRegion = store(localStorage.getItem(REGION_KEY) ?? '');

export function region(): string {
  const now = state.get();
  return chosenRegion.get() || (now.at === 'in' ? now.session.region : 'us-east-1');
}

export function chooseRegion(name: string) {
  if (name) localStorage.setItem(REGION_KEY, name);
  else localStorage.removeItem(REGION_KEY);
  chosenRegion.set(name);
}

export interface ClientConfig {
  region: string;
  endpoint: string;
  credentials: typeof credentials;
  maxAttempts: number;
}

interface Ending {
  destroy(): void;
}

const made = new Set<Map<string, Ending>>();
let epoch = -1;

state.subscribe(() => {
  const now = state.get();
  const next = now.at === 'in' ? now.epoch : -1;
  if (next === epoch) return;
  epoch = next;
  forgetCredentials();
  for (const clients of made) {
    for (const client of clients.values()) client.destroy();
    clients.clear();
  }
});

// One client for each service and region, made when it is first used, forgotten at sign-out.
//   export const sagemaker = client(config => new SageMakerClient(config));
//   ...  sagemaker().send(new ListTrainingJobsCommand({}))
export function client<T extends Ending>(make: (config: ClientConfig) => T): () => T {
  const clients = new Map<string, T>();
  made.add(clients as Map<string, Ending>);
  return () => {
    const where = region();
    let known = clients.get(where);
    if (!known) {
      known = make({ region: where, endpoint: location.origin, credentials, maxAttempts: 2 });
      clients.set(where, known);
    }
    return known;
  };
}
