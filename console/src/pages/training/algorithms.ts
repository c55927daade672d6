import { DescribeAlgorithmCommand, type DescribeAlgorithmOutput } from '@aws-sdk/client-sagemaker';

import { sagemaker } from '../../aws/sagemaker';

// The built-in algorithms by the name of their image's repository. What they take, in what ranges and
// what for, is what DescribeAlgorithm says of that name.
export const ALGORITHMS = [{ name: 'sagemaker-xgboost', label: 'XGBoost' }];

export async function describeAlgorithm(name: string, signal: AbortSignal): Promise<DescribeAlgorithmOutput> {
  return sagemaker().send(new DescribeAlgorithmCommand({ AlgorithmName: name }), { abortSignal: signal });
}

// Which one an image is, '' for none.
export function algorithmOfImage(image = ''): string {
  const repository = image.split('/').pop()!.split(/[:@]/)[0]!;
  return ALGORITHMS.find(one => one.name === repository || one.name === `sagemaker-${repository}`)?.name ?? '';
}
