import AppLayout from '@cloudscape-design/components/app-layout';
import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group';
import SideNavigation, { type SideNavigationProps } from '@cloudscape-design/components/side-navigation';
import Spinner from '@cloudscape-design/components/spinner';
import { I18nProvider } from '@cloudscape-design/components/i18n';
import messages from '@cloudscape-design/components/i18n/messages/all.en';
import { Suspense, useEffect, useMemo, useState } from 'react';
import { BrowserRouter, matchPath, Route, Routes, useLocation } from 'react-router';

import type { Session } from '../session/session';
import { startAhead } from './ahead';
import { BASE, href, useFollow } from './navigation';
import { NotFound } from './NotFound';
import { Notifications } from './Notifications';
import { PageErrors } from './PageErrors';
import { type LoadablePage, pages, sections } from './pages';
import { repairMarkup } from './repairs';
import { TopBar } from './TopBar';

const NARROW = window.matchMedia('(max-width: 688px)');

function navigationItems(): SideNavigationProps.Item[] {
  return sections.flatMap((section): SideNavigationProps.Item[] => {
    const links = pages
      .filter(page => page.nav === section)
      .map((page): SideNavigationProps.Link => ({ type: 'link', text: page.title, href: href(`/${page.path}`) }));
    if (links.length === 0) return [];
    return section === '' ? links : [{ type: 'section', text: section, items: links }];
  });
}

function titleOf(page: LoadablePage, parameters: Record<string, string | undefined>): string {
  return page.title.startsWith(':') ? (parameters[page.title.slice(1)] ?? '') : page.title;
}

// The pages that an address goes through, outermost first, and the last one's title.
function trailOf(pathname: string) {
  const parts = pathname.split('/').filter(Boolean);
  const trail: { text: string; href: string }[] = [{ text: 'Clary', href: href('/') }];
  for (let count = 1; count <= parts.length; ++count) {
    const path = '/' + parts.slice(0, count).join('/');
    for (const page of pages) {
      const match = page.path ? matchPath({ path: `/${page.path}`, end: true }, path) : null;
      if (!match) continue;
      trail.push({ text: titleOf(page, match.params), href: href(path) });
      break;
    }
  }
  return trail;
}

function useTrail() {
  const { pathname } = useLocation();
  const trail = useMemo(() => trailOf(pathname), [pathname]);
  useEffect(() => {
    const last = trail.length > 1 ? trail[trail.length - 1]!.text : 'Home';
    document.title = `${last} · Clary`;
  }, [trail]);
  return trail;
}

function Frame({ session }: { session: Session }) {
  const { pathname } = useLocation();
  const follow = useFollow();
  const trail = useTrail();
  const [open, setOpen] = useState(!NARROW.matches);
  useEffect(() => {
    const turned = () => setOpen(!NARROW.matches);
    NARROW.addEventListener('change', turned);
    return () => NARROW.removeEventListener('change', turned);
  }, []);
  const items = useMemo(navigationItems, []);
  const active = href('/' + (pathname.split('/')[1] ?? ''));
  return (
    <>
      <div id="top">
        <TopBar session={session} />
      </div>
      <AppLayout
        headerSelector="#top"
        toolsHide
        navigationOpen={open}
        onNavigationChange={({ detail }) => setOpen(detail.open)}
        navigation={
          <SideNavigation
            header={{ text: 'Clary', href: href('/') }}
            items={items}
            activeHref={active}
            onFollow={event => {
              follow(event);
              if (NARROW.matches) setOpen(false);
            }}
          />
        }
        breadcrumbs={trail.length > 1 ? <BreadcrumbGroup items={trail} onFollow={follow} ariaLabel="Breadcrumbs" /> : undefined}
        notifications={<Notifications />}
        stickyNotifications
        ariaLabels={{
          navigation: 'Areas',
          navigationToggle: 'Show the areas',
          navigationClose: 'Hide the areas',
          notifications: 'Messages',
        }}
        content={
          <PageErrors key={pathname}>
            <Suspense fallback={<Spinner size="large" />}>
              <Routes>
                {pages.map(page => (
                  <Route key={page.path} path={`/${page.path}`} element={<page.component />} />
                ))}
                <Route path="*" element={<NotFound />} />
              </Routes>
            </Suspense>
          </PageErrors>
        }
      />
    </>
  );
}

export default function Shell({ session }: { session: Session }) {
  useEffect(repairMarkup, []);
  useEffect(startAhead, []);
  return (
    <I18nProvider locale="en" messages={[messages]}>
      <BrowserRouter basename={BASE} useTransitions={false}>
        <Frame session={session} />
      </BrowserRouter>
    </I18nProvider>
  );
}
