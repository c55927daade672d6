import { STSClient } from '@aws-sdk/client-sts';

import { client } from './client';

export const sts = client(config => new STSClient(config));
