#!/usr/bin/env bash
# Installs what the tests need beside Python and is not here yet: install-debian.sh [PACKAGE]...
# Without arguments a Chromium, postgresql, redis-server, nginx-light and prometheus (for promtool). Where it cannot install, it says in one sentence what to install, and fails.
set -euo pipefail

is_present() {
  case "$1" in
    chromium-headless-shell) [ -n "${CHROMIUM:-}" ] || command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null ;;
    postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ;;
    nginx-light) command -v nginx >/dev/null ;;
    prometheus) command -v promtool >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

[ "$#" -gt 0 ] || set -- chromium-headless-shell postgresql redis-server nginx-light prometheus
missing=()
for package in "$@"; do
  is_present "$package" || missing+=("$package")
done
can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
# A Chromium with windows does as well, but the shell without them needs a third of its CPU time.
if [ -z "${CHROMIUM:-}" ] && [[ " $* " == *" chromium-headless-shell "* ]] && command -v chromium >/dev/null \
    && ! command -v chromium-headless-shell >/dev/null && can_install; then
  DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends chromium-headless-shell </dev/null >/dev/null 2>&1 || true
fi
[ "${#missing[@]}" -gt 0 ] || exit 0

if ! can_install; then
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

[[ " ${missing[*]} " != *" chromium-headless-shell "* ]] || missing+=(fonts-dejavu-core)
echo "Installing ${missing[*]} ..."
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get -q update && apt-get -q install -y --no-install-recommends "${missing[@]}"; } </dev/null >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "apt-get could not install ${missing[*]}." >&2
  exit 1
fi
