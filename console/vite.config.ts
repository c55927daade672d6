import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

import { fontsApart } from './scripts/fonts.ts';

// Components that only forms and details have, though many of them: not in the first load.
const LATER =
  /components\/(internal\/components\/(options-list|selectable-item|button-trigger|drag-handle[a-z-]*|chart[a-z-]*|filtering-token)|select|multiselect|input|autosuggest|textarea|modal|form|form-field|tabs|steps|copy-to-clipboard|key-value-pairs|pagination|radio-group|toggle|checkbox|attribute-editor|expandable-section|popover|radio-button|text-filter|tiles|wizard)\//;
const usedAtFirst = (id: string) => /@cloudscape-design\/|@formatjs|intl-messageformat|src\/app\//.test(id) && !LATER.test(id);

// Everything is served below /_console/ by `clary serve`; scripts/finish.mjs compresses the result.
export default defineConfig({
  base: '/_console/',
  plugins: [fontsApart(fileURLToPath(new URL('node_modules/.clary-fonts', import.meta.url))), react()],
  build: {
    outDir: '../build/console',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false }, // it would be a script in the page
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
    manifest: 'manifest.json',
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What nearly every page uses, in a few files: a first load of sixty small ones waits longer
        // and compresses worse.
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules\/(react|react-dom|scheduler|react-router)\// },
            { name: 'aws', test: /node_modules\/(@smithy|@aws-sdk\/(core|middleware-[a-z-]+|util-[a-z-]+))\//, minShareCount: 4 },
            { name: 'parts', test: usedAtFirst, minShareCount: 6 },
          ],
        },
      },
    },
  },
  // `npm run dev` beside a server on its usual port.
  server: { proxy: { '^/_console/(session|credentials)$': 'http://127.0.0.1:7700' } },
});
