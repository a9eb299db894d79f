# shellcheck shell=bash
# Sourced by deploy/demo and tests/run: brings a fresh Debian 12 to the point where they can start.
# Sets: ROOT (the checkout), BUILD (everything we create in it), UV.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=$ROOT/build
UV=$BUILD/tools/bin/uv
SYSTEM_PYTHON=/usr/bin/python3

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*" >&2; }
die() { printf '\nErreur : %s\n' "$*" >&2; exit 1; }

require_root() {
  [ "$(id -u)" -eq 0 ] || die "à lancer en root (Postfix et Dovecot l'exigent) : sudo $0 $*"
}

# Installs the packages of the lists that are missing. Nothing they bring is started.
install_packages() {
  local wanted missing=() name
  wanted=$(sed 's/#.*//' "$@" | tr -s '[:space:]' '\n' | sed '/^$/d')
  for name in $wanted; do
    dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  command -v apt-get >/dev/null || die "apt-get absent : Vigie se met en place sur Debian 12"
  say "Installation de ${#missing[@]} paquets Debian : ${missing[*]}"
  local policy=/usr/sbin/policy-rc.d ours=
  # Debian starts a daemon when it installs one; on a machine that is not ours that is not wanted.
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' > $policy && chmod 755 $policy && ours=yes
  fi
  local log=$BUILD/apt.log status=0
  mkdir -p "$BUILD"
  {
    apt-get -o DPkg::Lock::Timeout=300 update
    case " ${missing[*]} " in
      *" postfix "*) echo "postfix postfix/main_mailer_type select Local only" | debconf-set-selections ;;
    esac
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"
  } > "$log" 2>&1 < /dev/null || status=$?
  [ -z "$ours" ] || rm -f $policy
  [ $status -eq 0 ] || { tail -n 20 "$log" >&2; die "apt-get a échoué (journal : $log)"; }
}

install_uv() {
  [ -x "$UV" ] && cmp -s "$ROOT/locks/uv.txt" "$BUILD/tools/uv.txt" && return 0
  say "Installation de uv"
  rm -rf "$BUILD/tools"
  $SYSTEM_PYTHON -m venv "$BUILD/tools"
  "$BUILD/tools/bin/pip" install -q --disable-pip-version-check --require-hashes -r "$ROOT/locks/uv.txt" \
    || die "uv n'a pas pu être installé"
  cp "$ROOT/locks/uv.txt" "$BUILD/tools/uv.txt"
}

# environment NAME LOCK: build/NAME holds exactly the locked packages and the wheel built from this checkout.
environment() {
  local venv=$BUILD/$1 lock=$ROOT/locks/$2.txt wheels=$BUILD/dist
  [ -x "$venv/bin/python" ] || "$UV" venv -q -p $SYSTEM_PYTHON "$venv"
  if ! cmp -s "$lock" "$venv/lock.txt"; then
    say "Bibliothèques Python verrouillées ($2)"
    "$UV" pip sync -q -p "$venv" --require-hashes --build-constraints "$ROOT/locks/build.txt" "$lock" \
      || die "les bibliothèques de $lock n'ont pas pu être installées"
    cp "$lock" "$venv/lock.txt"
  fi
  rm -rf "$wheels"
  "$UV" build -q --wheel --build-constraints "$ROOT/locks/build.txt" --require-hashes -p $SYSTEM_PYTHON \
    -o "$wheels" "$ROOT" || die "le paquet n'a pas pu être construit"
  "$UV" pip install -q -p "$venv" --no-deps --reinstall "$wheels"/vigie-*.whl
}
