#!/bin/busybox sh
# A web service that says where it runs. The text cannot change while a pod lives, so it is written
# once and served as a file: no program runs for a request.
busybox=/bin/busybox
port="${PORT:-8080}"
www=/www

$busybox mkdir -p "$www"
pod="${POD_NAME:-$($busybox hostname)}"
echo "Hello from pod $pod on machine ${NODE_NAME:-unknown}${NODE_ZONE:+ in zone $NODE_ZONE}" > "$www/index.txt"
echo ok > "$www/healthz"
echo 'I:index.txt' > /httpd.conf

$busybox httpd -f -p "$port" -h "$www" -c /httpd.conf &
server=$!

# Whether a process of the server is left. Each request has one of its own.
serving() {
  for file in /proc/[0-9]*/cmdline; do
    line=
    read -r line 2> /dev/null < "$file"
    case "$line" in *busyboxhttpd*) return 0 ;; esac
  done
  return 1
}

# Other machines learn a moment later that this pod is leaving: until then they send requests, so
# serving goes on. Then the listener ends, and the requests under way are waited for.
stop() {
  trap '' TERM INT
  $busybox sleep "${DRAIN_SECONDS:-2}"
  kill "$server"
  tries=0
  while serving && [ "$tries" -lt 100 ]; do
    tries=$((tries + 1))
    $busybox usleep 100000
  done
  exit 0
}
trap stop TERM INT

echo "listening on port $port"
wait "$server"
