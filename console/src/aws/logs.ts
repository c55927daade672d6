import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';

import { client } from './client';

export const logs = client(config => new CloudWatchLogsClient(config));
