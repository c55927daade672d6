import { SageMakerClient } from '@aws-sdk/client-sagemaker';

import { client } from './client';

export const sagemaker = client(config => new SageMakerClient(config));
