import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';

import { client } from './client';

export const cloudtrail = client(config => new CloudTrailClient(config));
