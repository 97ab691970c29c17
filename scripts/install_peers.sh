#!/usr/bin/env bash
# Installs the servers that some tests like to have beside them: Postfix, postgrey and nsd, from Debian.
# Never fails: where it can not install them it says why, and those tests are skipped with a reason.
set -uo pipefail

packages=(postfix postgrey nsd)

skip() {
  echo "The test peers (${packages[*]}) are not installed: $1. Tests that need them are skipped." >&2
  exit 0
}

is_there() { [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || skip "this is not Debian or one of its children"
missing=()
for each in "${packages[@]}"; do is_there "$each" || missing+=("$each"); done
[ ${#missing[@]} -gt 0 ] || exit 0
[ "$(id -u)" = 0 ] || skip "only root may install packages; run: sudo $0"

# None of them may serve anybody but the tests: while this runs, nothing that is installed is started.
policy=/usr/sbin/policy-rc.d
"$policy" postfix start >/dev/null 2>&1
if [ $? -ne 101 ]; then
  [ ! -e "$policy" ] || mv "$policy" "$policy.kept" || skip "$policy can not be put aside"
  trap 'rm -f "$policy"; [ ! -e "$policy.kept" ] || mv "$policy.kept" "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" || skip "$policy can not be written"
fi

export DEBIAN_FRONTEND=noninteractive
echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections || skip "debconf does not work"

log=$(mktemp)
options=(-qq -o DPkg::Lock::Timeout=120 -o Acquire::Retries=2 -o Dpkg::Use-Pty=0)
install() { timeout 600 apt-get "${options[@]}" install --yes --no-install-recommends "${missing[@]}" >"$log" 2>&1 </dev/null; }
install || { timeout 300 apt-get "${options[@]}" update >"$log" 2>&1 </dev/null && install; } ||
  skip "apt-get failed: $(tail -n 1 "$log")"
rm -f "$log"
echo "Installed ${missing[*]} for the tests; none of them was started."
