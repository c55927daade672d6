#!/bin/bash
# Requests per second of the bare HTTP layer, nginx's static 200 beside it, with the same load.
#   bench/http/run.sh [STATIC_SERVER_BINARY]
# Needs wrk and nginx. Rounds alternate, so that a noisy machine is noisy for both.
set -euo pipefail
server=${1:-build/release/bin/clary_http_bench}
work=$(mktemp -d)
trap 'kill $clary $nginx 2>/dev/null || true; rm -rf "$work"' EXIT

cat > "$work/nginx.conf" <<CONF
worker_processes 2;
error_log $work/error.log;
pid $work/nginx.pid;
daemon off;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000;
  server { listen 127.0.0.1:17802; location / { default_type text/plain; return 200 "ok\n"; } }
}
CONF
nginx -c "$work/nginx.conf" -p "$work" & nginx=$!
mkfifo "$work/stdin"
"$server" 17801 2 < "$work/stdin" > "$work/out" & clary=$!
exec 9> "$work/stdin"
until grep -q ready "$work/out" && curl -s -o "$work/probe" http://127.0.0.1:17802/; do sleep 0.05; done

rate() { wrk -t2 -c32 -d3s "$1" | awk '/Requests\/sec/ {print $2}'; }
for round in 1 2 3; do
  echo "round $round: clary $(rate http://127.0.0.1:17801/) nginx $(rate http://127.0.0.1:17802/)"
done
