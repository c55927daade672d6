import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';

import { PageLink } from '../parts/PageLink';
import { useLocation } from './navigation';

export function NotFound() {
  const { pathname } = useLocation();
  return (
    <SpaceBetween size="m">
      <Header variant="h1">There is no such page</Header>
      <Box>
        The console has nothing at <Box variant="code">{pathname}</Box>. <PageLink to="/">Go to the home page</PageLink>
      </Box>
    </SpaceBetween>
  );
}
