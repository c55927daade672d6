import { store } from '../../app/store';

// How far the example has come; apart from what runs it, which an old hand's home page does not load.

export type StepName = 'upload' | 'train' | 'deploy' | 'ask';
export interface Step {
  status: 'pending' | 'in-progress' | 'success' | 'error';
  detail?: string;
}
export interface Quickstart {
  running: boolean;
  removing?: boolean; // the endpoint is going
  steps: Record<StepName, Step>;
  job?: string;
  endpoint?: string;
  error?: unknown;
}

export const FRESH: Quickstart = {
  running: false,
  steps: { upload: { status: 'pending' }, train: { status: 'pending' }, deploy: { status: 'pending' }, ask: { status: 'pending' } },
};
export const quickstart = store<Quickstart>(FRESH);
