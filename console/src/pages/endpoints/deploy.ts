import { CreateEndpointCommand, CreateEndpointConfigCommand, type CreateEndpointConfigCommandInput, DescribeEndpointConfigCommand, DescribeModelCommand, ListModelsCommand } from '@aws-sdk/client-sagemaker';

import { problemOf } from '../../aws/errors';
import { sagemaker } from '../../aws/sagemaker';
import { createModel, type Draft, faultsOf, NAME, NAME_RULE, requestOf } from '../models/draft';

// From a model to an endpoint: what is to be made, and the making of it.

export interface VariantPlan {
  name: string;
  model: string;
  type: string;
  count: number;
  weight: number;
}

export interface Plan {
  model?: Draft; // to be made first
  variants: VariantPlan[];
  config: string;
  endpoint: string;
}

export function configRequest(plan: Plan): CreateEndpointConfigCommandInput {
  return {
    EndpointConfigName: plan.config,
    ProductionVariants: plan.variants.map(one => ({
      VariantName: one.name,
      ModelName: one.model,
      InstanceType: one.type as never,
      InitialInstanceCount: one.count,
      InitialVariantWeight: one.weight,
    })),
  };
}

export function endpointRequest(plan: Plan) {
  return { EndpointName: plan.endpoint, EndpointConfigName: plan.config };
}

export const STEPS = ['model', 'config', 'endpoint'] as const;
export type Step = (typeof STEPS)[number];

// Makes what `done` does not have yet, and notes there what was made, so that a second try after a
// failure goes on and does not stumble over the first one's things.
export async function deploy(plan: Plan, done: Set<Step>) {
  if (plan.model && !done.has('model')) {
    await createModel(plan.model);
    done.add('model');
  }
  if (!done.has('config')) {
    await sagemaker().send(new CreateEndpointConfigCommand(configRequest(plan)));
    done.add('config');
  }
  await sagemaker().send(new CreateEndpointCommand(endpointRequest(plan)));
  done.add('endpoint');
}

export function pythonOf(plan: Plan, call: (operation: string, request: object) => string): string {
  const calls = [
    ...(plan.model ? [call('CreateModel', requestOf(plan.model))] : []),
    call('CreateEndpointConfig', configRequest(plan)),
    call('CreateEndpoint', endpointRequest(plan)),
  ];
  const [first, ...rest] = calls;
  const waiting = `client.get_waiter("endpoint_in_service").wait(EndpointName=${JSON.stringify(plan.endpoint)})\n`;
  return [first, ...rest.map(one => one.replace(/^import boto3\n\nclient = .*\n/, '')), waiting].join('');
}

export function modelFault(plan: Plan): string | undefined {
  if (plan.model) return Object.values(faultsOf(plan.model))[0];
  return plan.variants[0]?.model ? undefined : 'Choose a model.';
}

export function variantsFault(plan: Plan): string | undefined {
  const names = plan.variants.map(one => one.name);
  if (new Set(names).size < names.length) return 'Two variants have the same name.';
  for (const one of plan.variants) {
    if (!NAME.test(one.name)) return `A variant's name has ${NAME_RULE.toLowerCase()}.`;
    if (!one.model) return `Choose a model for ${one.name}.`;
    if (!one.type) return `Choose an instance type for ${one.name}.`;
  }
  if (plan.variants.every(one => one.weight === 0)) return 'At least one variant needs a weight above 0.';
  return undefined;
}

export function namesFault(plan: Plan): string | undefined {
  if (!NAME.test(plan.endpoint)) return `The endpoint's name has ${NAME_RULE.toLowerCase()}.`;
  if (!NAME.test(plan.config)) return `The configuration's name has ${NAME_RULE.toLowerCase()}.`;
  return undefined;
}

export async function findModels(text: string, signal: AbortSignal): Promise<string[]> {
  const answer = await sagemaker().send(
    new ListModelsCommand({ NameContains: text || undefined, SortBy: 'CreationTime', SortOrder: 'Descending', MaxResults: 25 }),
    { abortSignal: signal }
  );
  return (answer.Models ?? []).map(model => model.ModelName!);
}

// What an endpoint was made from, as far as it is still there.
export async function originsOf(config: string, signal: AbortSignal): Promise<{ config?: string; models: string[] }> {
  try {
    const known = await sagemaker().send(new DescribeEndpointConfigCommand({ EndpointConfigName: config }), { abortSignal: signal });
    const names = [...new Set((known.ProductionVariants ?? []).map(one => one.ModelName).filter(name => name !== undefined))];
    const models: string[] = [];
    for (const name of names) {
      try {
        await sagemaker().send(new DescribeModelCommand({ ModelName: name }), { abortSignal: signal });
        models.push(name);
      } catch (thrown) {
        if (problemOf(thrown).kind !== 'missing') throw thrown;
      }
    }
    return { config, models };
  } catch (thrown) {
    if (problemOf(thrown).kind === 'missing') return { models: [] };
    throw thrown;
  }
}
