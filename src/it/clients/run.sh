#!/usr/bin/env bash
# Clients that know nothing of Egression hand over jobs: the artemis command line, rhea (AMQP 1.0), stompit, mqtt and the SDK of
# CloudEvents (over AMQP and HTTP), to a hub of its own on a standalone broker of its own, all on the loopback
# interface and gone when it ends; one listens to events; then an admin operates the broker's queues as its console does. Needs bash, JDK 17, Maven, Node 18 with npm, and target/egression.jar (mvn package).
set -euo pipefail
umask 077
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$(mktemp -d)
hub=

end() {
  if [[ -n $hub ]]; then kill "$hub" 2>/dev/null && wait "$hub" || true; fi
  "$root/artemis/standalone.sh" stop "$work/broker" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap end EXIT

[[ -f $root/target/egression.jar ]] || { echo "run.sh: no target/egression.jar; run: mvn -B package" >&2; exit 1; }
cp "$here/package.json" "$here"/*.mjs "$work/"
(cd "$work" && npm install --no-audit --no-fund --silent)

export ARTEMIS_PORT=${ARTEMIS_PORT:-61716} ARTEMIS_CONSOLE_PORT=${ARTEMIS_CONSOLE_PORT:-8261}
port=${EGRESSION_HTTP_PORT:-8180}
"$root/artemis/standalone.sh" start "$work/broker"

cd "$root"
cp -r connectors "$work/connectors"
sed -i '1,/^channels:/s/^channels:/events: {topic: true}\nchannels:/' "$work/connectors/subscriptions/sample-shop.yaml"
: >"$work/hub.log"
EGRESSION_HTTP_PORT=$port EGRESSION_DATA_DIR=$work/data EGRESSION_BROKER_URL=tcp://127.0.0.1:$ARTEMIS_PORT \
  EGRESSION_CONNECTORS_DIR=$work/connectors EGRESSION_BROKER_USER=runtime \
  EGRESSION_BROKER_PASSWORD=$(artemis/standalone.sh password runtime "$work/broker") \
  EGRESSION_JMS_USERS='producer=sample-shop,amqp=sample-shop,admin=sample-shop,erp=globex' java -jar target/egression.jar demo >"$work/hub.log" 2>&1 &
hub=$!
for ((tries = 0; ; tries++)); do
  grep -q 'jobs were accepted' "$work/hub.log" && break
  kill -0 "$hub" 2>/dev/null && ((tries < 240)) || { cat "$work/hub.log" >&2; exit 1; }
  sleep 0.5
done

export HUB=http://127.0.0.1:$port HUB_KEY_FILE=$work/data/admin.key BROKER_PORT=$ARTEMIS_PORT CONSOLE_PORT=$ARTEMIS_CONSOLE_PORT
PRODUCER_PASSWORD=$(artemis/standalone.sh password producer "$work/broker")
ADMIN_PASSWORD=$(artemis/standalone.sh password admin "$work/broker")
LISTENER_PASSWORD=$(artemis/standalone.sh password listener "$work/broker")
export PRODUCER_PASSWORD LISTENER_PASSWORD ADMIN_PASSWORD ARTEMIS=$work/broker/bin/artemis
for program in clients events console; do
  node "$work/$program.mjs" || { tail -n 40 "$work/hub.log" >&2; exit 1; }
done
