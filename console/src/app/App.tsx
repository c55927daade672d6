import { Suspense, useEffect, useState } from 'react';

import { resume, state } from '../session/session';
import { fetchPageOf } from './ahead';
import { loadable } from './loadable';
import { useStore } from './store';

// What somebody who signs in does not need is not loaded with the sign-in page, nor the other way
// round; shell and page begin to load while the server is asked who is signed in.
const Shell = loadable(() => import('./Shell'));
const SignIn = loadable(() => import('../session/SignIn'));

export function App() {
  const now = useStore(state);
  const [ready, setReady] = useState(false);
  useEffect(() => {
    void resume();
    void Promise.allSettled([Shell.load(), fetchPageOf(location.pathname)]).then(() => setReady(true));
  }, []);
  if (now.at === 'asking' || (now.at === 'in' && !ready)) return <p className="visually-hidden" role="status">Loading the console</p>;
  return (
    <Suspense fallback={<p className="visually-hidden" role="status">Loading the console</p>}>
      {now.at === 'in' ? <Shell key={now.epoch} session={now.session} /> : <SignIn why={now.why} />}
    </Suspense>
  );
}
