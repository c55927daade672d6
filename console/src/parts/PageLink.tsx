import Link, { type LinkProps } from '@cloudscape-design/components/link';
import type { ReactNode } from 'react';

import { href, useFollow } from '../app/navigation';

// A link to a page of the console: <PageLink to={to('training', name)}>{name}</PageLink>
export function PageLink(props: { to: string; children: ReactNode; variant?: LinkProps.Variant; fontSize?: LinkProps.FontSize }) {
  const follow = useFollow();
  return (
    <Link href={href(props.to)} onFollow={follow} variant={props.variant} fontSize={props.fontSize}>
      {props.children}
    </Link>
  );
}
