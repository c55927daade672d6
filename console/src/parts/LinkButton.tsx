import Button, { type ButtonProps } from '@cloudscape-design/components/button';

import { href, useFollow } from '../app/navigation';

// A button that goes to a page of the console.
export function LinkButton({ to, ...rest }: ButtonProps & { to: string }) {
  const follow = useFollow();
  return <Button {...rest} href={href(to)} onFollow={follow} />;
}
