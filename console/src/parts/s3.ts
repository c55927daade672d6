// S3 URIs, and where the Data pages show what they name.

export interface S3Place {
  bucket: string;
  key: string; // an object's, or a prefix that ends in "/", or ""
}

export function parseS3(uri?: string): S3Place | undefined {
  const found = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(uri ?? '');
  return found ? { bucket: found[1]!, key: found[2]! } : undefined;
}

export function s3Uri(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`;
}

// The page of a bucket, of a prefix in it.
export function folderPath(bucket: string, prefix = ''): string {
  const query = prefix ? `?${new URLSearchParams({ prefix })}` : '';
  return `/data/${encodeURIComponent(bucket)}${query}`;
}

export function objectPath(bucket: string, key: string): string {
  return `/data/${encodeURIComponent(bucket)}/object?${new URLSearchParams({ key })}`;
}

// The page of an object when the URI looks like one's, else of the folder that it is in.
export function s3Path(uri: string): string | undefined {
  const place = parseS3(uri);
  if (!place) return undefined;
  if (/[^/]\.[A-Za-z0-9]+$/.test(place.key)) return objectPath(place.bucket, place.key);
  return folderPath(place.bucket, place.key.replace(/[^/]*$/, ''));
}
