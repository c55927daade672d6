import { S3Client } from '@aws-sdk/client-s3';

import { client } from './client';

// Path style: this server has no name for each bucket.
export const s3 = client(
  config =>
    new S3Client({
      ...config,
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    })
);
