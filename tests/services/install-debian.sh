#!/usr/bin/env bash
# Installs what the tests need beside Python and is not here yet: install-debian.sh [PACKAGE]...
# Without arguments chromium, postgresql, redis-server, nginx-light and prometheus (for promtool). Where it cannot install, it says in one sentence what to install, and fails.
set -euo pipefail

is_present() {
  case "$1" in
    chromium) [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null ;;
    postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ;;
    nginx-light) command -v nginx >/dev/null ;;
    prometheus) command -v promtool >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

[ "$#" -gt 0 ] || set -- chromium postgresql redis-server nginx-light prometheus
missing=()
for package in "$@"; do
  is_present "$package" || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Please install: ${missing[*]} (PostgreSQL 14 or newer)." >&2
  exit 1
fi

log=$(mktemp)
policy=/usr/sbin/policy-rc.d
trap 'rm -f "$log" ${made_policy:+"$policy"}' EXIT
# The tests start servers of their own: the packages must not start one.
if [ ! -e "$policy" ]; then
  made_policy=yes
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

[[ " ${missing[*]} " != *" chromium "* ]] || missing+=(fonts-dejavu-core)
echo "Installing ${missing[*]} ..."
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get -q update && apt-get -q install -y --no-install-recommends "${missing[@]}"; } </dev/null >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "apt-get could not install ${missing[*]}." >&2
  exit 1
fi
