import Checkbox from '@cloudscape-design/components/checkbox';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';

import { usePolled } from '../../aws/usePolled';
import { Confirm } from '../../parts/Confirm';
import { originsOf } from './deploy';
import { removeEndpoint } from './remove';

// Nothing but the endpoint goes, unless somebody wants it.
export function DeleteEndpoint(props: { endpoint: string; config?: string; deleted: () => void; close: () => void }) {
  const [withConfig, setWithConfig] = useState(false);
  const [withModels, setWithModels] = useState(false);
  const origins = usePolled(signal => originsOf(props.config ?? '', signal), [props.config], { every: 0, enabled: Boolean(props.config) });
  const config = origins.data?.config;
  const models = origins.data?.models ?? [];
  const act = async () => {
    await removeEndpoint(props.endpoint, withConfig ? config : undefined, withModels ? models : []);
    props.deleted();
  };
  return (
    <Confirm title={`Delete the endpoint ${props.endpoint}?`} verb="Delete" type={props.endpoint} act={act} close={props.close}>
      <SpaceBetween size="s">
        <div>Who asks it gets an error from then on. Its logs and metrics stay.</div>
        {config && (
          <Checkbox checked={withConfig} onChange={({ detail }) => setWithConfig(detail.checked)} description={config}>
            Delete its configuration too
          </Checkbox>
        )}
        {models.length > 0 && (
          <Checkbox checked={withModels} onChange={({ detail }) => setWithModels(detail.checked)} description={`${models.join(', ')}; the files in S3 stay`}>
            Delete {models.length === 1 ? 'its model' : `its ${models.length} models`} too
          </Checkbox>
        )}
      </SpaceBetween>
    </Confirm>
  );
}
