import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useParams } from 'react-router';

import { LogView } from '../../parts/LogView';

export default function LogStream() {
  const { group, stream } = useParams() as { group: string; stream: string };
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description={group}>
        {stream}
      </Header>
      <LogView group={group} prefix={stream} live height={560} />
    </SpaceBetween>
  );
}
