import Spinner from '@cloudscape-design/components/spinner';
import type { ReactNode } from 'react';

import type { Polled } from '../aws/usePolled';
import { ErrorBox } from './ErrorBox';

// What was asked for, once it is there; until then that it is being loaded, or why it could not be.
export function Loaded<T>({ of, doing, children }: { of: Polled<T>; doing?: string; children: (data: T) => ReactNode }) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error !== undefined) return <ErrorBox error={of.error} retry={() => void of.refresh()} doing={doing} />;
  return (
    <div role="status">
      <Spinner size="large" />
      <span className="visually-hidden">Loading</span>
    </div>
  );
}
