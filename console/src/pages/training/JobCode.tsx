import type { DescribeTrainingJobResponse } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { CodeSample } from '../../parts/CodeSample';
import { requestOf, sdkCode } from './request';
import { boto3 } from '../../parts/python';

export function JobCode({ job }: { job: DescribeTrainingJobResponse }) {
  const request = requestOf(job);
  return (
    <SpaceBetween size="l">
      <Box>What would start the same job from Python. A job's name can be used once: give the next one another.</Box>
      <CodeSample label="With boto3" code={boto3('sagemaker', 'CreateTrainingJob', request)} />
      <CodeSample label="With the SageMaker Python SDK (version 2)" code={sdkCode(request)} />
    </SpaceBetween>
  );
}
