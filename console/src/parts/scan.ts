import type { PageOf } from './ResourceTable';

const ENOUGH = 25;
const MOST_PAGES = 20;

// A page of what matches, for lists that the API cannot filter: goes on from page to page until
// there are enough, or many pages have been looked at; the reader may then go on.
export async function scan<T>(
  load: (token: string | undefined) => Promise<PageOf<T>>,
  token: string | undefined,
  matches: (item: T) => boolean
): Promise<PageOf<T>> {
  const items: T[] = [];
  let next = token;
  for (let page = 0; page < MOST_PAGES; ++page) {
    const answer = await load(next);
    items.push(...answer.items.filter(matches));
    next = answer.next;
    if (!next || items.length >= ENOUGH) break;
  }
  return { items, next };
}

// Every page, as far as `most` items.
export async function all<T>(load: (token: string | undefined) => Promise<PageOf<T>>, most = 5000): Promise<T[]> {
  const items: T[] = [];
  let next: string | undefined;
  do {
    const answer = await load(next);
    items.push(...answer.items);
    next = answer.next;
  } while (next && items.length < most);
  return items;
}
