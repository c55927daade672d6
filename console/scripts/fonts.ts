import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

// Cloudscape's stylesheet carries eight fonts as data: URLs, 180 kB that every first load would wait
// for. As files of their own the browser fetches the two or three that a page uses, and the
// Content-Security-Policy needs no data: fonts.
export function fontsApart(folder: string): Plugin {
  return {
    name: 'fonts-apart',
    enforce: 'pre',
    transform(code, id) {
      if (!/global-styles\/index\.css$/.test(id.split('?')[0]!)) return null;
      mkdirSync(folder, { recursive: true });
      const apart = code.replace(/url\('data:font\/woff2;base64,([A-Za-z0-9+/=]+)'\)/g, (_, text: string) => {
        const bytes = Buffer.from(text, 'base64');
        const file = join(folder, `font-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.woff2`);
        writeFileSync(file, bytes);
        return `url('${file}')`;
      });
      return { code: apart.replaceAll('@font-face {', '@font-face {\n  font-display: swap;'), map: null };
    },
  };
}
