#!/bin/bash
# The quickstart behind `make quickstart`: a running server, its environment, the churn example.
#   quickstart.sh [--stop-after] [ARGUMENTS OF examples/churn/quickstart.py...]
# Uses the server that already runs on the data folder (CLARY_DATA_DIR, default ~/.clary), else
# starts one on port 7700, or on a free port when that is taken, and leaves it running so that the
# next steps work; --stop-after ends it again. Settings: CLARY_BIN, CLARY_DATA_DIR, CLARY_VENVS.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
clary=${CLARY_BIN:-$root/build/release/bin/clary}
data=${CLARY_DATA_DIR:-$HOME/.clary}
venvs=${CLARY_VENVS:-$root/build/venv}
stop_after=no
if [ "${1:-}" = --stop-after ]; then stop_after=yes; shift; fi

[ -x "$clary" ] || { echo "There is no $clary yet: run  make build" >&2; exit 1; }
"$root/tools/make_venvs.sh" quickstart
mkdir -p "$data"

# Fails unless the server of this data folder answers.
running() {
  local url
  url=$("$clary" env --data-dir "$data" 2> /dev/null |
    sed -n "s/^export AWS_ENDPOINT_URL=['\"]\{0,1\}\([^'\"]*\).*/\1/p") || return 1
  [ -n "$url" ] && curl --silent --fail --noproxy '*' --max-time 3 --output /dev/null "$url/healthz"
}

port_free() { ! (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }

start() {
  local port=${CLARY_PORT:-7700} waited=0
  port_free "$port" || port=0
  # Its own session, so that Ctrl-C in the example does not end it.
  setsid "$clary" serve --data-dir "$data" --listen "127.0.0.1:$port" \
    > "$data/serve.out" 2>> "$data/serve.log" < /dev/null &
  server=$!
  until grep -q '^ready ' "$data/serve.out"; do
    if ! kill -0 "$server" 2> /dev/null || [ "$waited" -ge 300 ]; then
      echo "The server did not start. The end of $data/serve.log:" >&2
      tail -n 20 "$data/serve.log" >&2
      exit 1
    fi
    sleep 0.1
    waited=$((waited + 1))
  done
  echo "$(sed -n 's/^ready //p' "$data/serve.out" | head -n 1)  (process $server, data in $data)"
}

server=
if running; then
  echo "Using the server that runs on $data"
else
  start
fi
[ "$stop_after" = no ] || [ -z "$server" ] || trap 'kill "$server" 2> /dev/null; wait "$server"' EXIT

eval "$("$clary" env --data-dir "$data")"
"$venvs/quickstart/bin/python" "$root/examples/churn/quickstart.py" "$@"

if [ -n "$server" ] && [ "$stop_after" = no ]; then
  cat << END
The server keeps running. In a browser, with the access key that \`clary env\` prints:
  $AWS_ENDPOINT_URL
In any other shell:
  eval "\$($clary env --data-dir $data)"
To end it:
  kill $server
END
fi
