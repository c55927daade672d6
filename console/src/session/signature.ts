import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';

// Header fields that show the server's sign-in whose key signed `body`.
export async function signedHeaders(
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
  body: string
): Promise<Record<string, string>> {
  const signer = new SignatureV4({ credentials, region: 'us-east-1', service: 'signin', sha256: Sha256 });
  const signed = await signer.sign({
    method: 'POST',
    protocol: location.protocol,
    hostname: location.hostname,
    path: '/_console/session',
    query: {},
    headers: { host: location.host, 'content-type': 'application/json' },
    body,
  });
  // The browser sends Host by itself, and call() the type.
  const { host: _host, 'content-type': _type, ...headers } = signed.headers;
  return headers;
}
