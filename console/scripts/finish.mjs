// After vite: compresses each file ahead, so that the server only sends bytes, and fails when the
// first load (the page, its scripts with all they import at once, and styles) has grown too large.
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const FIRST_LOAD_LIMIT = 400_000;
const WORTH_IT = 1024; // bytes below which compressing saves no packet

const out = process.env.CLARY_CONSOLE_OUT ?? fileURLToPath(new URL('../../build/console', import.meta.url));
const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)]
  );
}

async function compress(file) {
  const bytes = readFileSync(file);
  if (bytes.length < WORTH_IT || /\.(woff2?|png|br|gz)$/.test(file)) return;
  const options = {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: 22,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  };
  writeFileSync(`${file}.br`, await brotli(bytes, options));
  writeFileSync(`${file}.gz`, await zip(bytes, { level: 9 }));
}

function sentBytes(name) {
  const file = join(out, name);
  try {
    return statSync(`${file}.br`).size;
  } catch {
    return statSync(file).size;
  }
}

// The entry's chunk and whatever it imports before anything is shown.
function firstLoad(manifest) {
  const wanted = new Set(['index.html']);
  const visit = key => {
    const chunk = manifest[key];
    if (wanted.has(chunk.file)) return;
    wanted.add(chunk.file);
    for (const css of chunk.css ?? []) wanted.add(css);
    for (const next of chunk.imports ?? []) visit(next);
  };
  visit('index.html');
  // The shell is loaded in the same breath by whoever is signed in.
  for (const key of Object.keys(manifest)) if (/src\/app\/Shell\.tsx$/.test(key)) visit(key);
  return [...wanted];
}

const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
rmSync(join(out, 'manifest.json'));
const all = files(out);
for (let at = 0; at < all.length; at += 8) await Promise.all(all.slice(at, at + 8).map(compress));
const loaded = firstLoad(manifest).map(name => [name, sentBytes(name)]);
const total = loaded.reduce((sum, [, size]) => sum + size, 0);
const sorted = loaded.sort((a, b) => b[1] - a[1]);
for (const [name, size] of sorted.slice(0, 8)) console.log(`${String(size).padStart(8)}  ${name}`);
console.log(`first load: ${total} bytes in ${loaded.length} files (limit ${FIRST_LOAD_LIMIT}), ` +
  `all: ${all.reduce((sum, file) => sum + statSync(file).size, 0)} bytes before compression`);
if (total > FIRST_LOAD_LIMIT) {
  console.error('The first load is too large: load what is not needed at once with import().');
  process.exit(1);
}
