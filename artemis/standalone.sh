#!/usr/bin/env bash
# A standalone Artemis broker with its web console, on the loopback interface only. What it is for
# and what it may be asked: artemis/README.md.
set -euo pipefail
umask 077 # messages and passwords are the owner's alone

usage() {
  cat <<'EOF'
artemis/standalone.sh start|run|stop|status [directory]
artemis/standalone.sh password producer|listener|runtime|admin [directory]

  start     starts the broker and returns when it and its console answer
  run       starts it in the foreground, until Ctrl-C
  stop      stops it and returns when it has ended
  status    says whether it runs (exit code 0) or not (3)
  password  prints a user's password

The first start fetches Artemis with Maven, makes an instance in the directory (default:
data/artemis-standalone) and a random password for each user. ARTEMIS_PORT (61616) and
ARTEMIS_CONSOLE_PORT (8161) move its ports. ARTEMIS_HOST (127.0.0.1) is where the broker listens, not
the console; ARTEMIS_TLS a PEM file with its key and certificates: then it speaks TLS only.
EOF
}

fail() {
  echo "artemis/standalone.sh: $*" >&2
  exit 1
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=$(sed -n 's:.*<artemis.version>\(.*\)</artemis.version>.*:\1:p' "$root/pom.xml")
host=${ARTEMIS_HOST:-127.0.0.1}
tls=${ARTEMIS_TLS:-}
port=${ARTEMIS_PORT:-61616}
console_port=${ARTEMIS_CONSOLE_PORT:-8161}

verb=${1:-}
user=
case $verb in
  start | run | stop | status) ;;
  password)
    user=${2:-}
    [[ $user =~ ^(producer|listener|runtime|admin)$ ]] || fail "password of whom: producer, listener, runtime or admin?"
    shift
    ;;
  -h | --help | help)
    usage
    exit 0
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac
directory=${2:-$root/data/artemis-standalone}
[[ $directory == /* ]] || directory=$PWD/$directory
home=$directory/apache-artemis-$version
users=$directory/users.properties
pid_file=$directory/data/artemis.pid

maven() {
  if command -v mvn >/dev/null; then mvn "$@"; else "$root/mvnw" "$@"; fi
}

fetch() {
  [[ -d $home ]] && return
  local part
  mkdir -p "$directory"
  part=$(mktemp -d "$directory/part.XXXXXX")
  echo "fetching Artemis $version"
  maven -q -B -Dstyle.color=never org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact="org.apache.activemq:apache-artemis:$version:zip:bin" -DoutputDirectory="$part"
  (cd "$part" && jar xf "apache-artemis-$version-bin.zip")
  chmod +x "$part/apache-artemis-$version/bin/artemis"
  mv "$part/apache-artemis-$version" "$home"
  rm -r "$part"
}

# Artemis writes its own path into the instance: it is made anew for another version, and keeps its
# messages. The password given here is never valid: the users' file is replaced below.
make_instance() {
  grep -qsF "ARTEMIS_HOME='$home'" "$directory/etc/artemis.profile" && return
  "$home/bin/artemis" create --silent --force --require-login --user admin --password replaced \
    --role admin --host 127.0.0.1 --http-host 127.0.0.1 --no-autotune --java-memory 512M \
    "$directory" >/dev/null
}

make_passwords() {
  local name made= part=$users.part
  if [[ -f $users ]]; then cp "$users" "$part"; else : >"$part"; fi
  for name in producer listener runtime admin; do
    grep -q "^$name = " "$part" && continue
    echo "$name = $(head -c 24 /dev/urandom | base64 | tr '+/' '-_')" >>"$part"
    made=yes
  done
  mv "$part" "$users"
  [[ -z $made ]] || echo "made the passwords: they are in $users"
}

# The repository's files are the truth; etc/ has copies.
configure() {
  cp "$root/artemis/broker.xml" "$directory/etc/broker.xml"
  cp "$root/artemis/roles.properties" "$directory/etc/artemis-roles.properties"
  ln -sf "$users" "$directory/etc/artemis-users.properties"
  local secured=
  if [[ -n $tls ]]; then
    [[ -r $tls ]] || fail "ARTEMIS_TLS=$tls cannot be read"
    [[ $tls == /* ]] || tls=$PWD/$tls
    [[ $tls =~ ^[A-Za-z0-9/._-]+$ ]] || fail "ARTEMIS_TLS=$tls: a path of letters, digits, '/', '.', '_', '-'"
    secured=";sslEnabled=true;keyStoreType=PEM;keyStorePath=$tls"
  fi
  export JAVA_ARGS_APPEND="-Dartemis.host=$host -Dartemis.port=$port -Dartemis.tls=$secured -Dwebconfig.bindings.artemis.uri=http://127.0.0.1:$console_port"
}

# A process id may have been given to another program since.
is_running() {
  local arguments
  [[ -f $pid_file ]] && arguments=$(ps -ww -o args= -p "$(<"$pid_file")") \
    && [[ $arguments == *"$directory/bin/artemis run"* || $arguments == *"-Dartemis.instance=$directory "* ]]
}

answers() {
  local at=127.0.0.1
  [[ $1 == "$port" && $host != 0.0.0.0 ]] && at=$host
  (exec 3<>"/dev/tcp/$at/$1") 2>/dev/null
}

prepare() {
  is_running && fail "runs already (process $(<"$pid_file"))"
  answers "$port" && fail "port $port is in use; set ARTEMIS_PORT"
  answers "$console_port" && fail "port $console_port is in use; set ARTEMIS_CONSOLE_PORT"
  fetch
  make_instance
  make_passwords
  configure
  mkdir -p "$directory/data"
}

start() {
  prepare
  nohup "$directory/bin/artemis" run </dev/null >"$directory/log/console.log" 2>&1 &
  echo $! >"$pid_file"
  for ((i = 0; i < 120; i++)); do
    if answers "$port" && answers "$console_port"; then
      echo "broker:  tcp://$host:$port"
      echo "console: http://127.0.0.1:$console_port/console (user admin)"
      return
    fi
    is_running || break
    sleep 0.5
  done
  tail -n 20 "$directory/log/console.log" >&2
  fail "the broker did not start"
}

stop() {
  is_running || fail "does not run"
  local pid
  pid=$(<"$pid_file")
  kill "$pid"
  for ((i = 0; i < 60; i++)); do
    if ! is_running; then
      rm "$pid_file"
      return
    fi
    sleep 0.5
  done
  fail "process $pid has not ended after 30 seconds"
}

case $verb in
  start) start ;;
  run)
    prepare
    echo $$ >"$pid_file" # exec keeps the process
    exec "$directory/bin/artemis" run
    ;;
  stop) stop ;;
  status)
    if is_running; then
      echo "runs (process $(<"$pid_file"))"
    else
      echo "does not run"
      exit 3
    fi
    ;;
  password)
    [[ -f $users ]] || fail "there are no passwords yet: start the broker first"
    sed -n "s/^$user = //p" "$users"
    ;;
esac
