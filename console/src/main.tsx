import '@cloudscape-design/global-styles/index.css';
import './app/page.css';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { isAhead } from './app/ahead';
import { App } from './app/App';
import { startTheme } from './app/theme';
import { connection } from './aws/connection';

// A part of the page could not be fetched: the network changed, or the server was upgraded and its
// files have other names now. Loading anew goes on where one was; not again and again, though.
const RELOADED = 'clary.reloaded';
const RELOAD_PAUSE_MS = 10_000;
window.addEventListener('vite:preloadError', event => {
  // Nobody waits for it; or there is nothing to load from, and what is shown is all that there is.
  if (isAhead() || connection.get() !== 'up') return;
  if (Date.now() - Number(sessionStorage.getItem(RELOADED)) < RELOAD_PAUSE_MS) return;
  event.preventDefault();
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
});

startTheme();
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>
);
