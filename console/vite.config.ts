import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

import { fontsApart } from './scripts/fonts.ts';

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
  },
  // `npm run dev` beside a server on its usual port.
  server: { proxy: { '^/_console/(session|credentials)$': 'http://127.0.0.1:7700' } },
});
