import { useCallback, useMemo } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router';

import { pageOf } from './pages';

export const BASE = '/_console';

// The address of a page: to('training', 'my-job') is "/training/my-job", whatever the name holds.
export function to(...parts: string[]): string {
  return '/' + parts.map(encodeURIComponent).join('/');
}

// For `href`: what the browser shows, copies and opens in another tab.
export function href(path: string): string {
  return BASE + path;
}

interface FollowEvent {
  preventDefault(): void;
  detail: { href?: string; external?: boolean };
}

let followed = 0;

// For Cloudscape's onFollow: links within the console change the page without loading it anew. The page
// before stays until the next one's code is there.
export function useFollow(): (event: FollowEvent) => void {
  const navigate = useNavigate();
  return useCallback(
    event => {
      const { href: target, external } = event.detail;
      if (external || !target?.startsWith(BASE + '/')) return;
      event.preventDefault();
      const path = target.slice(BASE.length);
      const page = pageOf(path.replace(/[?#].*$/, ''))?.component;
      const mine = ++followed;
      const go = () => {
        if (mine === followed) void navigate(path);
      };
      // What cannot be fetched says so in its place.
      if (!page || page.isLoaded()) go();
      else void page.load().then(go, go);
    },
    [navigate]
  );
}

// One value of the query, such as a filter or a tab: const [status, setStatus] = useQuery('status').
// Changing it replaces the address unless `push` is set, so that Back leaves the page.
export function useQuery(name: string, fallback = '', push = false): [string, (value: string) => void] {
  const [query, setQuery] = useSearchParams();
  const value = query.get(name) ?? fallback;
  const change = useCallback(
    (next: string) => {
      const after = new URLSearchParams(window.location.search);
      if (next === fallback || next === '') after.delete(name);
      else after.set(name, next);
      setQuery(after, { replace: !push });
    },
    [name, fallback, push, setQuery]
  );
  return [value, change];
}

// Several at once. Changing a filter goes back to the first page.
export function useQueries(names: readonly string[]) {
  const [query, setQuery] = useSearchParams();
  const key = names.map(name => query.get(name) ?? '').join('\u0000');
  const values = useMemo(
    () => Object.fromEntries(names.map(name => [name, query.get(name) ?? ''])) as Record<string, string>,
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `key` stands for what is read
    [key]
  );
  const change = useCallback(
    (changes: Record<string, string>) => {
      // From the address itself: what the router has rendered last may lag behind it.
      const after = new URLSearchParams(window.location.search);
      for (const [name, value] of Object.entries(changes)) {
        if (value) after.set(name, value);
        else after.delete(name);
      }
      setQuery(after, { replace: true });
    },
    [setQuery]
  );
  return [values, change] as const;
}

export { useLocation, useNavigate };
