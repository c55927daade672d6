import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';

import { client } from './client';

export const sagemakerRuntime = client(config => new SageMakerRuntimeClient(config));
