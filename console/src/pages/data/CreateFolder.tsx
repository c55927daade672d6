import { PutObjectCommand } from '@aws-sdk/client-s3';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';

import { s3 } from '../../aws/s3';
import { Confirm } from '../../parts/Confirm';

// S3 has no folders: an empty object whose key ends in "/" makes one appear.
export function CreateFolder(props: { bucket: string; prefix: string; made: () => void; close: () => void }) {
  const [name, setName] = useState('');
  const create = async () => {
    const clean = name.replace(/^\/+|\/+$/g, '');
    if (!clean) throw Object.assign(new Error('Give it a name.'), { name: 'A name is missing' });
    await s3().send(new PutObjectCommand({ Bucket: props.bucket, Key: `${props.prefix}${clean}/`, Body: new Uint8Array() }));
    props.made();
  };
  return (
    <Confirm title="Create a folder" verb="Create" act={create} close={props.close}>
      <FormField label="Name" description={`Below s3://${props.bucket}/${props.prefix}`}>
        <Input value={name} autoFocus spellcheck={false} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
    </Confirm>
  );
}
