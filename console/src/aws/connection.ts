import { store } from '../app/store';

// Whether the server answers, as the last request found. The shell shows it.
export const connection = store<'up' | 'down'>('up');

export function reachable() {
  connection.set('up');
}

export function unreachable() {
  connection.set('down');
}
