import TopNavigation from '@cloudscape-design/components/top-navigation';
import { memo } from 'react';

import { chooseRegion, chosenRegion } from '../aws/client';
import { type Session, signOut } from '../session/session';
import { href, useFollow } from './navigation';
import { useStore } from './store';
import { setTheme, type Theme, theme } from './theme';

const REGIONS = [
  'us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'ca-central-1', 'sa-east-1', 'eu-central-1', 'eu-west-1',
  'eu-west-2', 'eu-west-3', 'eu-north-1', 'eu-south-1', 'ap-south-1', 'ap-southeast-1', 'ap-southeast-2',
  'ap-northeast-1', 'ap-northeast-2', 'af-south-1', 'me-south-1',
];
const THEMES: [Theme, string][] = [['light', 'Light'], ['dark', 'Dark'], ['system', 'As the system']];

// The address changes without it.
export const TopBar = memo(function TopBar({ session }: { session: Session }) {
  const follow = useFollow();
  const now = useStore(theme);
  const region = useStore(chosenRegion) || session.region;
  const regions = REGIONS.includes(session.region) ? REGIONS : [session.region, ...REGIONS];
  return (
    <TopNavigation
      identity={{ href: href('/'), title: 'Clary', onFollow: follow as never }}
      i18nStrings={{ overflowMenuTriggerText: 'More', overflowMenuTitleText: 'All', overflowMenuBackIconAriaLabel: 'Back', overflowMenuDismissIconAriaLabel: 'Close' }}
      utilities={[
        {
          type: 'menu-dropdown',
          text: region,
          ariaLabel: `Region ${region}`,
          items: regions.map(id => ({ id, text: id === session.region ? `${id} (this server's)` : id, itemType: 'checkbox', checked: id === region })),
          onItemClick: ({ detail }) => chooseRegion(detail.id === session.region ? '' : detail.id),
        },
        {
          type: 'menu-dropdown',
          iconName: 'settings',
          ariaLabel: 'Appearance',
          title: 'Appearance',
          items: THEMES.map(([id, text]) => ({ id, text, itemType: 'checkbox', checked: id === now })),
          onItemClick: ({ detail }) => setTheme(detail.id as Theme),
        },
        {
          type: 'menu-dropdown',
          text: session.user,
          iconName: 'user-profile',
          description: `Account ${session.account}`,
          items: [
            { id: 'who', text: session.arn, disabled: true, disabledReason: 'Who you are here' },
            { id: 'out', text: 'Sign out' },
          ],
          onItemClick: ({ detail }) => {
            if (detail.id === 'out') void signOut();
          },
        },
      ]}
    />
  );
});
