import type { ComponentType } from 'react';
import { matchPath } from 'react-router';

import { loadable, type Loadable } from './loadable';

// Every page of the console: one line each. `path` is below /_console/ and may have parameters;
// `nav` is the section of the side navigation that shows it, for pages that stand there; `up` is the
// path of the page that its breadcrumbs go through, else the one before it in the path.
export interface Page {
  path: string;
  title: string; // of parameters: ':name' shows their value
  nav?: Section;
  load: () => Promise<{ default: ComponentType }>;
}
export type Section = '' | 'Build' | 'Deploy' | 'Observe' | 'Govern';

// prettier-ignore
const table: Page[] = [
  { path: '', title: 'Home', nav: '', load: () => import('../pages/home/Home') },

  { path: 'data', title: 'Data', nav: 'Build', load: () => import('../pages/data/Buckets') },
  { path: 'data/:bucket', title: ':bucket', load: () => import('../pages/data/Objects') },
  { path: 'data/:bucket/object', title: 'Object', load: () => import('../pages/data/ObjectPage') },

  { path: 'training', title: 'Training jobs', nav: 'Build', load: () => import('../pages/training/TrainingJobs') },
  { path: 'training/~create', title: 'Create a training job', load: () => import('../pages/training/CreateTrainingJob') },
  { path: 'training/:name', title: ':name', load: () => import('../pages/training/TrainingJob') },
  { path: 'tuning', title: 'Tuning jobs', nav: 'Build', load: () => import('../pages/tuning/TuningJobs') },
  { path: 'tuning/~create', title: 'Create a tuning job', load: () => import('../pages/tuning/CreateTuningJob') },
  { path: 'tuning/:name', title: ':name', load: () => import('../pages/tuning/TuningJob') },
  { path: 'processing', title: 'Processing jobs', nav: 'Build', load: () => import('../pages/processing/ProcessingJobs') },
  { path: 'processing/~create', title: 'Create a processing job', load: () => import('../pages/processing/CreateProcessingJob') },
  { path: 'processing/:name', title: ':name', load: () => import('../pages/processing/ProcessingJob') },
  { path: 'notebooks', title: 'Notebook instances', nav: 'Build', load: () => import('../pages/notebooks/Notebooks') },
  { path: 'notebooks/~create', title: 'Create a notebook instance', load: () => import('../pages/notebooks/CreateNotebook') },
  { path: 'notebooks/:name', title: ':name', load: () => import('../pages/notebooks/Notebook') },

  { path: 'models', title: 'Models', nav: 'Deploy', load: () => import('../pages/models/Models') },
  { path: 'models/~create', title: 'Create a model', load: () => import('../pages/models/CreateModel') },
  { path: 'models/:name', title: ':name', load: () => import('../pages/models/Model') },
  { path: 'endpoints', title: 'Endpoints', nav: 'Deploy', load: () => import('../pages/endpoints/Endpoints') },
  { path: 'endpoints/~deploy', title: 'Deploy a model', load: () => import('../pages/endpoints/Deploy') },
  { path: 'endpoints/:name', title: ':name', load: () => import('../pages/endpoints/Endpoint') },
  { path: 'endpoint-configs', title: 'Endpoint configurations', nav: 'Deploy', load: () => import('../pages/endpoints/Configs') },
  { path: 'endpoint-configs/:name', title: ':name', load: () => import('../pages/endpoints/Config') },
  { path: 'transform', title: 'Transform jobs', nav: 'Deploy', load: () => import('../pages/transform/TransformJobs') },
  { path: 'transform/~create', title: 'Create a transform job', load: () => import('../pages/transform/CreateTransformJob') },
  { path: 'transform/:name', title: ':name', load: () => import('../pages/transform/TransformJob') },

  { path: 'logs', title: 'Logs', nav: 'Observe', load: () => import('../pages/logs/LogGroups') },
  { path: 'logs/:group', title: ':group', load: () => import('../pages/logs/LogStreams') },
  { path: 'logs/:group/:stream', title: ':stream', load: () => import('../pages/logs/LogStream') },
  { path: 'metrics', title: 'Metrics', nav: 'Observe', load: () => import('../pages/metrics/Metrics') },

  { path: 'users', title: 'Users', nav: 'Govern', load: () => import('../pages/users/Users') },
  { path: 'users/:name', title: ':name', load: () => import('../pages/users/User') },
  { path: 'roles', title: 'Roles', nav: 'Govern', load: () => import('../pages/roles/Roles') },
  { path: 'roles/:name', title: ':name', load: () => import('../pages/roles/Role') },
  { path: 'policies', title: 'Policies', nav: 'Govern', load: () => import('../pages/policies/Policies') },
  { path: 'policies/:arn', title: ':arn', load: () => import('../pages/policies/Policy') },
  { path: 'decisions', title: 'Explain a decision', nav: 'Govern', load: () => import('../pages/policies/Explain') },
  { path: 'keys', title: 'Keys', nav: 'Govern', load: () => import('../pages/keys/Keys') },
  { path: 'keys/:id', title: ':id', load: () => import('../pages/keys/Key') },
  { path: 'audit', title: 'Audit', nav: 'Govern', load: () => import('../pages/audit/Events') },
  { path: 'audit/:id', title: ':id', load: () => import('../pages/audit/Event') },
];

export interface LoadablePage extends Page {
  component: Loadable<object>;
}

export const pages: LoadablePage[] = table.map(page => ({ ...page, component: loadable(page.load) }));

// Of a path below /_console, without query.
export function pageOf(path: string): LoadablePage | undefined {
  return pages.find(page => matchPath({ path: `/${page.path}`, end: true }, path));
}

export const sections: Section[] = ['', 'Build', 'Deploy', 'Observe', 'Govern'];
