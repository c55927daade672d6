import { connection } from '../aws/connection';
import { BASE } from './navigation';
import { type LoadablePage, pageOf, pages } from './pages';

// Code of pages, fetched before somebody asks for them: of a link that is pointed at or has the
// focus, and of all areas once the first page is there and nothing else is to be done.

let running = 0;

// Whether something is being fetched that nobody waits for: its failure need not trouble anybody.
export function isAhead(): boolean {
  return running > 0;
}

async function fetchAhead(page: LoadablePage): Promise<boolean> {
  if (connection.get() !== 'up') return false;
  running += 1;
  try {
    await page.component.load();
    return true;
  } catch {
    return false; // whoever goes there tries again and is told
  } finally {
    running -= 1;
  }
}

// The page that an address of the browser, /_console/..., is one of.
export async function fetchPageOf(pathname: string) {
  const page = pageOf(pathname.slice(BASE.length) || '/');
  if (page) await fetchAhead(page);
}

function pointedAt(event: Event) {
  const link = (event.target as Element).closest?.('a[href]');
  if (!(link instanceof HTMLAnchorElement) || link.origin !== location.origin || !link.pathname.startsWith(BASE + '/')) return;
  void fetchPageOf(link.pathname);
}

const idle: (work: () => void) => void =
  // Safari has none.
  typeof requestIdleCallback === 'function' ? work => requestIdleCallback(work) : work => void setTimeout(work, 200);

async function fetchAreas(signal: AbortSignal) {
  for (const page of pages.filter(one => one.nav !== undefined)) {
    await new Promise<void>(idle);
    if (signal.aborted || !(await fetchAhead(page))) return;
  }
}

const FIRST_PAGE_MS = 500; // its own requests go first

export function startAhead(): () => void {
  const control = new AbortController();
  const saving = (navigator as { connection?: { saveData?: boolean } }).connection?.saveData;
  const timer = saving ? 0 : window.setTimeout(() => void fetchAreas(control.signal), FIRST_PAGE_MS);
  document.addEventListener('pointerover', pointedAt);
  document.addEventListener('focusin', pointedAt);
  return () => {
    control.abort();
    window.clearTimeout(timer);
    document.removeEventListener('pointerover', pointedAt);
    document.removeEventListener('focusin', pointedAt);
  };
}
