import { KMSClient } from '@aws-sdk/client-kms';

import { client } from './client';

export const kms = client(config => new KMSClient(config));
