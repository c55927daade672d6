import { GetObjectTaggingCommand, PutObjectTaggingCommand, type Tag } from '@aws-sdk/client-s3';
import AttributeEditor from '@cloudscape-design/components/attribute-editor';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';

import { notify } from '../../app/flashes';
import { s3 } from '../../aws/s3';
import { usePolled } from '../../aws/usePolled';
import { ErrorBox } from '../../parts/ErrorBox';
import { Loaded } from '../../parts/Loading';

interface Place {
  bucket: string;
  path: string;
  versionId?: string;
}

function Editor({ tags, save }: { tags: Tag[]; save: (tags: Tag[]) => Promise<unknown> }) {
  const [now, setNow] = useState(tags);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const change = (at: number, changes: Partial<Tag>) => setNow(now.map((tag, index) => (index === at ? { ...tag, ...changes } : tag)));
  const go = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await save(now);
      notify('success', 'The tags were saved.');
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <SpaceBetween size="m">
      {error !== undefined && <ErrorBox error={error} />}
      <AttributeEditor<Tag>
        items={now}
        addButtonText="Add a tag"
        removeButtonText="Remove"
        removeButtonAriaLabel={tag => `Remove the tag ${tag.Key}`}
        empty="No tags."
        disableAddButton={now.length >= 10}
        onAddButtonClick={() => setNow([...now, { Key: '', Value: '' }])}
        onRemoveButtonClick={({ detail }) => setNow(now.filter((_, index) => index !== detail.itemIndex))}
        definition={[
          { label: 'Key', control: (tag, index) => <Input value={tag.Key ?? ''} onChange={({ detail }) => change(index, { Key: detail.value })} /> },
          { label: 'Value', control: (tag, index) => <Input value={tag.Value ?? ''} onChange={({ detail }) => change(index, { Value: detail.value })} /> },
        ]}
      />
      <Button loading={busy} loadingText="Saving" disabled={JSON.stringify(now) === JSON.stringify(tags)} onClick={() => void go()}>
        Save the tags
      </Button>
    </SpaceBetween>
  );
}

export function Tags({ bucket, path, versionId }: Place) {
  const of = { Bucket: bucket, Key: path, VersionId: versionId };
  const tags = usePolled(signal => s3().send(new GetObjectTaggingCommand(of), { abortSignal: signal }), [bucket, path, versionId], { every: 0 });
  const save = async (TagSet: Tag[]) => {
    await s3().send(new PutObjectTaggingCommand({ ...of, Tagging: { TagSet } }));
    await tags.refresh();
  };
  return (
    <Container header={<Header variant="h2">Tags</Header>}>
      <Loaded of={tags} doing="Tags">
        {known => <Editor key={JSON.stringify(known.TagSet)} tags={known.TagSet ?? []} save={save} />}
      </Loaded>
    </Container>
  );
}
