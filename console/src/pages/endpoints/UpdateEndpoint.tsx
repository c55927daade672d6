import { ListEndpointConfigsCommand, UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import Checkbox from '@cloudscape-design/components/checkbox';
import FormField from '@cloudscape-design/components/form-field';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';

import { sagemaker } from '../../aws/sagemaker';
import { Confirm } from '../../parts/Confirm';
import { Suggest } from '../../parts/Suggest';

async function findConfigs(text: string, signal: AbortSignal): Promise<string[]> {
  const answer = await sagemaker().send(
    new ListEndpointConfigsCommand({ NameContains: text || undefined, SortBy: 'CreationTime', SortOrder: 'Descending', MaxResults: 25 }),
    { abortSignal: signal }
  );
  return (answer.EndpointConfigs ?? []).map(one => one.EndpointConfigName!);
}

export function UpdateEndpoint(props: { endpoint: string; updated: () => Promise<void>; close: () => void }) {
  const [config, setConfig] = useState('');
  const [retain, setRetain] = useState(false);
  const act = async () => {
    await sagemaker().send(new UpdateEndpointCommand({ EndpointName: props.endpoint, EndpointConfigName: config, RetainAllVariantProperties: retain || undefined }));
    await props.updated();
  };
  return (
    <Confirm title={`Give ${props.endpoint} another configuration`} verb="Update" act={act} close={props.close}>
      <SpaceBetween size="m">
        <div>The new instances come up beside the old ones, and take over once they answer. If they do not, everything stays as it is.</div>
        <FormField label="Configuration">
          <Suggest value={config} change={setConfig} find={findConfigs} />
        </FormField>
        <Checkbox checked={retain} onChange={({ detail }) => setRetain(detail.checked)}>
          Keep weights and instance counts of variants that stay
        </Checkbox>
      </SpaceBetween>
    </Confirm>
  );
}
