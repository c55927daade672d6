import { IAMClient } from '@aws-sdk/client-iam';

import { client } from './client';

export const iam = client(config => new IAMClient(config));
