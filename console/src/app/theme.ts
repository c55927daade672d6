import { applyMode, Mode } from '@cloudscape-design/global-styles';

import { store } from './store';

// Light, dark, or as the system has it; kept in the browser.
export type Theme = 'light' | 'dark' | 'system';

const KEY = 'clary.theme';
const dark = window.matchMedia('(prefers-color-scheme: dark)');

function saved(): Theme {
  const value = localStorage.getItem(KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}

function isDark(theme: Theme): boolean {
  return theme === 'dark' || (theme === 'system' && dark.matches);
}

export const theme = store<Theme>(saved());
// Charts draw on a canvas and have to know.
export const darkMode = store(isDark(saved()));

function apply() {
  const on = isDark(theme.get());
  applyMode(on ? Mode.Dark : Mode.Light);
  darkMode.set(on);
}

export function startTheme() {
  apply();
  dark.addEventListener('change', apply);
}

export function setTheme(value: Theme) {
  localStorage.setItem(KEY, value);
  theme.set(value);
  apply();
}
