import type { FlashbarProps } from '@cloudscape-design/components/flashbar';
import type { ReactNode } from 'react';

import { store } from './store';

// What happened, told at the top of whatever page is shown.
export const flashes = store<FlashbarProps.MessageDefinition[]>([]);
let count = 0;

export function dismiss(id: string) {
  flashes.set(flashes.get().filter(one => one.id !== id));
}

// `id`: a later one of the same id takes its place.
export function notify(
  type: FlashbarProps.Type,
  content: ReactNode,
  options: { header?: ReactNode; action?: ReactNode; id?: string } = {}
): string {
  const id = options.id ?? `flash-${++count}`;
  const message: FlashbarProps.MessageDefinition = {
    type,
    content,
    header: options.header,
    action: options.action,
    id,
    dismissible: true,
    dismissLabel: 'Dismiss this message',
    onDismiss: () => dismiss(id),
  };
  flashes.set([message, ...flashes.get().filter(one => one.id !== id)].slice(0, 5));
  return id;
}
