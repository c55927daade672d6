import Flashbar, { type FlashbarProps } from '@cloudscape-design/components/flashbar';

import { connection } from '../aws/connection';
import { flashes } from './flashes';
import { useStore } from './store';

const LOST: FlashbarProps.MessageDefinition = {
  id: 'connection',
  type: 'warning',
  loading: true,
  content: 'Cannot reach the server; trying again. What you see is what was last known.',
};

export function Notifications() {
  const messages = useStore(flashes);
  const up = useStore(connection) === 'up';
  return (
    <Flashbar
      items={up ? messages : [LOST, ...messages]}
      i18nStrings={{ ariaLabel: 'Messages', errorIconAriaLabel: 'Error', warningIconAriaLabel: 'Warning', infoIconAriaLabel: 'Information', successIconAriaLabel: 'Success', inProgressIconAriaLabel: 'In progress' }}
    />
  );
}
