#!/bin/bash
# Builds the web console into build/console, from where `clary serve` serves it. Does nothing when
# neither its sources nor its packages have changed. Node is the machine's when it is new enough,
# else the one of tests/requirements/node.txt, since Debian 12's is too old for the bundler.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
source=$root/console out=$root/build/console
venvs=${CLARY_VENVS:-$root/build/venv}

inputs() {
  cd "$root"
  find console examples/churn -type f -not -path '*/node_modules/*' -print0 | sort -z | xargs -0 sha256sum
  sha256sum tools/build_console.sh
}
stamp=$(inputs | sha256sum | cut -d' ' -f1)
if [ -f "$out/index.html" ] && [ "$(cat "$root/build/console.made" 2> /dev/null)" = "$stamp" ]; then
  exit 0
fi

new_enough() {
  command -v npm > /dev/null &&
    node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2> /dev/null
}
if ! new_enough; then
  "$root/tools/make_venvs.sh" node
  PATH=$venvs/node/bin:$PATH
  new_enough || { echo "the console needs Node 20.19 or newer, and npm" >&2; exit 1; }
fi

cd "$source"
packages=$(cat package.json package-lock.json | sha256sum | cut -d' ' -f1)
if [ "$(cat node_modules/.made 2> /dev/null)" != "$packages" ]; then
  npm ci --silent --no-audit --no-fund --ignore-scripts
  echo "$packages" > node_modules/.made
fi
npx --no-install tsc --noEmit
# Aside first: a server that runs meanwhile never serves half of it.
rm -rf "$out.new"
npx --no-install vite build --logLevel warn --outDir "$out.new"
CLARY_CONSOLE_OUT=$out.new node scripts/finish.mjs
rm -rf "$out.old"
[ ! -e "$out" ] || mv "$out" "$out.old"
mv "$out.new" "$out"
rm -rf "$out.old"
echo "$stamp" > "$root/build/console.made"
