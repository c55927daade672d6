import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';

import { client } from './client';

export const cloudwatch = client(config => new CloudWatchClient(config));
