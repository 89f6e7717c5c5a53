#!/bin/sh
# Makes .venv: Python, what the lock names, and the commands `meterledger` and `meterledger-verify`.
#
#   sh tools/bootstrap.sh runtime    what ./demo needs
#   sh tools/bootstrap.sh dev        what ./test needs (more: the checks, the browser's driver)
#
# Asks of the machine only Python 3.11 or newer with pip, as on a bare Debian 12, which has neither
# `python3 -m venv` with pip (no ensurepip) nor a `pip install` that may touch the system's Python.
# Done once, it costs a few milliseconds until a lock changes. Safe to run twice at the same time.
set -eu

kind=${1:?say what for: runtime or dev}
root=$(cd "$(dirname "$0")/.." && pwd -P)
venv=$root/.venv

refuse() { echo "bootstrap: $*" >&2; exit 2; }
say() { echo "bootstrap: $*" >&2; }

case $kind in runtime | dev) ;; *) refuse "'$kind' is neither runtime nor dev." ;; esac

# ---- is it all there already? ------------------------------------------------------------------

wanted=$(cat "$root"/lock/*.lock "$root/tools/bootstrap.sh" | sha256sum | cut -d' ' -f1)

there() {    # what was installed, for which lock, in which folder: a moved tree is made anew
    [ -x "$venv/bin/python" ] && [ -r "$venv/ready" ] || return 1
    { read -r had_kind && read -r had_sum && read -r had_root; } <"$venv/ready" || return 1
    [ "$had_sum" = "$wanted" ] && [ "$had_root" = "$root" ] || return 1
    [ "$had_kind" = dev ] || [ "$had_kind" = "$kind" ]
}

if there; then exit 0; fi

mkdir -p "$venv" 2>/dev/null && [ -w "$venv" ] ||
    refuse "cannot write to $venv. Give this folder to your user, or work in a copy of your own."
if command -v flock >/dev/null; then
    exec 9>"$root/.venv.lock"
    flock 9
    if there; then exit 0; fi
fi
began=$(date +%s)

# ---- a Python and a pip ------------------------------------------------------------------------

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
python=
for name in python3.11 python3 python3.12 python3.13; do
    if command -v "$name" >/dev/null && new_enough "$name"; then python=$name; break; fi
done
[ -n "$python" ] || refuse "needs Python 3.11 or newer. On Debian 12: apt-get install python3 python3-pip"

pip() {
    if "$python" -m pip --version >/dev/null 2>&1; then "$python" -m pip "$@"
    elif command -v pip3 >/dev/null; then pip3 "$@"
    else refuse "found $python but no pip for it. On Debian 12: apt-get install python3-pip"
    fi
}

# ---- the environment ---------------------------------------------------------------------------

had_kind='' had_root=''
if [ -r "$venv/ready" ]; then
    { read -r had_kind && read -r had_sum && read -r had_root; } <"$venv/ready" || :
fi
rm -f "$venv/ready"
if [ ! -x "$venv/bin/python" ] || { [ -n "$had_root" ] && [ "$had_root" != "$root" ]; }; then
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear --without-pip "$venv" ||
        refuse "$python could not make .venv; its message stands above."
fi
[ "$had_kind" = dev ] && kind=dev    # ./demo after ./test keeps the checks that are there

uv=$venv/installer/bin/uv
if [ ! -x "$uv" ] || [ "$("$uv" --version | cut -d' ' -f2)" != "$(sed -n 's/^uv==\([^ ]*\).*/\1/p' "$root/lock/installer.lock")" ]; then
    say "fetching the installer (uv)"
    rm -rf "$venv/installer"
    pip --disable-pip-version-check install --quiet --no-input --require-hashes --only-binary :all: \
        --root-user-action ignore --target "$venv/installer" -r "$root/lock/installer.lock" ||
        refuse "pip could not fetch uv; its message stands above. Is a package index reachable?"
fi

# uv does not read pip's configuration: hand it the machine's index and certificates, if it names any.
eval "$(pip config list 2>/dev/null | "$python" "$root/tools/pip_settings.py")"
if [ -z "${SSL_CERT_FILE:-}" ] && [ -r /etc/ssl/certs/ca-certificates.crt ]; then
    export UV_SYSTEM_CERTS=1    # as pip does: a company's own certificate stands there
fi
cache=${UV_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/uv}
if ! mkdir -p "$cache" 2>/dev/null || [ ! -w "$cache" ]; then cache=$venv/cache; mkdir -p "$cache"; fi
if [ "$(stat -c %d "$cache")" != "$(stat -c %d "$venv")" ]; then export UV_LINK_MODE=copy; fi
export UV_CACHE_DIR="$cache" UV_NO_CONFIG=1 UV_PYTHON_DOWNLOADS=never UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-180}"
[ -t 2 ] || export UV_NO_PROGRESS=1

say "installing the $(grep -c '^[a-z0-9].*==' "$root/lock/$kind.lock") packages of lock/$kind.lock, hashes checked"
if ! "$uv" pip sync --quiet --python "$venv/bin/python" --require-hashes --only-binary :all: "$root/lock/$kind.lock"
then
    say "uv could not; trying the same lock with pip"
    pip --disable-pip-version-check --python "$venv/bin/python" install --quiet --no-input --no-deps \
        --require-hashes --only-binary :all: -r "$root/lock/$kind.lock" ||
        refuse "neither uv nor pip could install lock/$kind.lock; their messages stand above."
fi

# ---- our own package: nothing is built, Python is told where it lies ----------------------------

packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "$root/src" >"$packages/meterledger.pth"
launcher() {    # name of the command, module whose main() it runs
    cat >"$venv/bin/$1" <<LAUNCHER
#!/bin/sh
'''exec' "\$(dirname -- "\$(readlink -f -- "\$0")")/python" "\$0" "\$@"
' '''
import sys

from $2 import main

if __name__ == "__main__":  # a process of its own, for paper, imports this file and must not run it
    sys.exit(main())
LAUNCHER
    chmod +x "$venv/bin/$1"
}
launcher meterledger meterledger.entrypoints.cli.main
launcher meterledger-verify meterledger_verify

printf '%s\n' "$kind" "$wanted" "$root" >"$venv/ready"
say "ready after $(($(date +%s) - began)) s"
