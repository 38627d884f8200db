#!/usr/bin/env bash
# A real Vendure shop on a PostgreSQL, and a hub that delivers a catalogue to it through vendure-connector: created,
# repeated, changed, deleted, with a missing reference and a duplicate between. What the shop's own API then says is compared with
# the catalogue, object by object. All on the loopback interface and gone when it ends. Needs bash, JDK 17, Node 18 with npm,
# and target/egression.jar (mvn package).
set -euo pipefail
umask 077
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$(mktemp -d)
chmod 755 "$work" # root's PostgreSQL runs as a user of its own
pids=()

end() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" || true; done
  exec 3>&- || true
  [[ -z ${database:-} ]] || wait "$database" || true
  rm -rf "$work"
}
trap end EXIT

await() { # log, pattern, pid
  for ((tries = 0; ; tries++)); do
    grep -q "$2" "$1" && break
    kill -0 "$3" 2>/dev/null && ((tries < 240)) || { cat "$1" >&2; exit 1; }
    sleep 0.5
  done
}

[[ -f $root/target/egression.jar ]] || { echo "run.sh: no target/egression.jar; run: mvn -B package" >&2; exit 1; }
cp "$here"/{package.json,shop.cjs,database.mjs,check.mjs} "$work/"
(umask 022 && cd "$work" && npm install --no-audit --no-fund --silent)

export SHOP_PORT=${SHOP_PORT:-3980} METADATA_PORT=${METADATA_PORT:-8189}
export PGHOST=127.0.0.1 PGPORT=${PGPORT:-55440} PGUSER=shop PGDATABASE=shop PGPASSWORD SHOP_USER=check SHOP_PASSWORD
PGPASSWORD=$(head -c 18 /dev/urandom | base64 | tr -d +/)
SHOP_PASSWORD=$(head -c 18 /dev/urandom | base64 | tr -d +/)
port=${EGRESSION_HTTP_PORT:-8188}

mkfifo "$work/hold"
: >"$work/database.log"
(umask 022 && exec node "$work/database.mjs" "$work/pg" "$PGPORT" "$PGPASSWORD") <"$work/hold" >"$work/database.log" 2>&1 &
database=$!
exec 3>"$work/hold"
await "$work/database.log" '^ready' "$database"

: >"$work/shop.log"
(cd "$work" && exec node shop.cjs) 3>&- >"$work/shop.log" 2>&1 &
pids+=($!)
await "$work/shop.log" '"ready":true' "${pids[0]}"

curl -sf -D - -o /dev/null -H 'Content-Type: application/json' "http://127.0.0.1:$SHOP_PORT/admin-api" -d @- <<END |
{"query":"mutation {login(username: \"$SHOP_USER\", password: \"$SHOP_PASSWORD\") {__typename}}"}
END
  sed -n 's/^vendure-auth-token: *//Ip' | tr -d '\r\n' >"$work/shop.token"

mkdir -p "$work/connectors/subscriptions"
cp -r "$root"/connectors/{vendure-connector.*,belts.yaml} "$work/connectors/"
cat >"$work/connectors/subscriptions/acme.yaml" <<END
channels:
  vendure:
    connector: vendure-connector
    partitionBy: objectType
    parameters:
      url: http://127.0.0.1:$SHOP_PORT/admin-api
    authentication:
      method: bearer
      token: "{{file:$work/shop.token}}"
END
cd "$root"
: >"$work/hub.log"
EGRESSION_HTTP_PORT=$port EGRESSION_DATA_DIR=$work/data EGRESSION_CONNECTORS_DIR=$work/connectors \
  EGRESSION_METADATA_URL=http://127.0.0.1:$METADATA_PORT java -jar target/egression.jar run 3>&- >"$work/hub.log" 2>&1 &
pids+=($!)
for ((tries = 0; ; tries++)); do
  curl -sf -o /dev/null "http://127.0.0.1:$port/health" && break
  kill -0 "${pids[1]}" 2>/dev/null && ((tries < 240)) || { cat "$work/hub.log" >&2; exit 1; }
  sleep 0.5
done

HUB=http://127.0.0.1:$port HUB_KEY_FILE=$work/data/admin.key SHOP=http://127.0.0.1:$SHOP_PORT/admin-api \
  SHOP_TOKEN_FILE=$work/shop.token node "$work/check.mjs" || { tail -n 40 "$work/hub.log" "$work/shop.log" >&2; exit 1; }
