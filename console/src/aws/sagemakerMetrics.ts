import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';

import { credentials } from '../session/credentials';
import { region } from './client';

// SageMaker's metrics service has one operation that the console needs and no client in the package
// registry that builds use: the request is signed here.

export interface MetricQuery {
  MetricName: string;
  ResourceArn: string;
  MetricStat: 'Avg' | 'Min' | 'Max' | 'Count' | 'Last';
  Period: 'IterationNumber';
  XAxisType: 'IterationNumber';
  Start?: number;
  End?: number;
}

export interface MetricQueryResult {
  Status: 'Complete' | 'Truncated' | 'InternalError' | 'ValidationError';
  Message?: string;
  XAxisValues: number[];
  MetricValues: number[];
}

export async function batchGetMetrics(queries: MetricQuery[], signal: AbortSignal): Promise<MetricQueryResult[]> {
  const body = JSON.stringify({ MetricQueries: queries });
  const signer = new SignatureV4({ credentials, region: region(), service: 'sagemaker', sha256: Sha256 });
  const signed = await signer.sign({
    method: 'POST',
    protocol: location.protocol,
    hostname: location.hostname,
    path: '/BatchGetMetrics',
    query: {},
    headers: { host: location.host, 'content-type': 'application/json' },
    body,
  });
  const { host: _host, ...headers } = signed.headers;
  const answer = await fetch('/BatchGetMetrics', { method: 'POST', headers, body, signal });
  const parsed = (await answer.json()) as { MetricQueryResults?: MetricQueryResult[]; message?: string; Message?: string };
  if (!answer.ok) {
    // In the shape that errors.ts reads of every client.
    throw Object.assign(new Error(parsed.message ?? parsed.Message ?? ''), {
      name: (answer.headers.get('x-amzn-errortype') ?? 'Error').split(':')[0],
      $metadata: { httpStatusCode: answer.status, requestId: answer.headers.get('x-amzn-requestid') ?? undefined },
    });
  }
  return parsed.MetricQueryResults ?? [];
}
