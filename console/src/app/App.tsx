import { lazy, Suspense, useEffect } from 'react';

import { resume, state } from '../session/session';
import { useStore } from './store';

// What somebody who signs in does not need is not loaded with the sign-in page, nor the other way
// round; both begin to load while the server is asked who is signed in.
const shell = () => import('./Shell');
const signIn = () => import('../session/SignIn');
const Shell = lazy(shell);
const SignIn = lazy(signIn);

export function App() {
  const now = useStore(state);
  useEffect(() => {
    void resume();
    void shell();
  }, []);
  if (now.at === 'asking') return <p className="visually-hidden" role="status">Loading the console</p>;
  return (
    <Suspense fallback={<p className="visually-hidden" role="status">Loading the console</p>}>
      {now.at === 'in' ? <Shell key={now.epoch} session={now.session} /> : <SignIn why={now.why} />}
    </Suspense>
  );
}
