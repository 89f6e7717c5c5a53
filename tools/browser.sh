#!/bin/sh
# Makes sure that the tests have a browser: Chromium, the libatomic that its driver needs, a font, and
# pdftoppm to look at a printed bill. A machine that has them is left alone.
#
# root             apt-get install
# anybody else     the same Debian packages, fetched with apt into folders of our own and unpacked under
#                  .venv/debs; nothing of the system is touched
# CHROMIUM=PATH    uses that browser instead
set -eu
root=$(cd "$(dirname "$0")/.." && pwd -P)
debs=$root/.venv/debs
packages='chromium libatomic1 poppler-utils fonts-dejavu-core'

refuse() { echo "browser: $*" >&2; exit 2; }
say() { echo "browser: $*" >&2; }

has_library() { /sbin/ldconfig -p 2>/dev/null | grep -q "$1"; }
on_the_system() {
    { [ -n "${CHROMIUM:-}" ] || [ -x /usr/lib/chromium/chromium ]; } &&
        has_library libatomic.so.1 && command -v pdftoppm >/dev/null &&
        [ -n "$(find /usr/share/fonts -name 'DejaVuSans.ttf' 2>/dev/null | head -1)" ]
}

if [ -n "${CHROMIUM:-}" ] && [ ! -x "$CHROMIUM" ]; then refuse "CHROMIUM=$CHROMIUM cannot be run."; fi
if on_the_system || [ -f "$debs/ready" ]; then exit 0; fi
command -v apt-get >/dev/null ||
    refuse "no apt-get here. Install Chromium, libatomic, pdftoppm and DejaVu fonts, and set CHROMIUM=/path/of/chromium."
began=$(date +%s)

if [ "$(id -u)" = 0 ]; then
    say "installing $packages with apt-get (about a minute)"
    export DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes
    apt-get update -qq
    # shellcheck disable=SC2086  # four words
    apt-get install -y -qq --no-install-recommends $packages >/dev/null
    on_the_system || refuse "apt-get ended without an error, yet the browser is not there."
    say "installed after $(($(date +%s) - began)) s"
    exit 0
fi

say "unpacking $packages under .venv/debs, without root (about a minute, 700 MB)"
rm -rf "$debs"
apt=$debs/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$debs/bin"
cp /var/lib/dpkg/status "$apt/status"
cat >"$apt/apt.conf" <<CONF
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Debug::NoLocking "1";
CONF
export APT_CONFIG="$apt/apt.conf"
apt-get update -qq
# shellcheck disable=SC2086  # four words
apt-get install -y -qq --no-install-recommends --download-only $packages >/dev/null
for package in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$package" "$debs"; done
rm -rf "$apt"

# Each command finds the unpacked libraries by itself, so that nothing else in a test run sees them.
cat >"$debs/fonts.conf" <<'CONF'
<?xml version="1.0"?>
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <cachedir prefix="relative">fontcache</cachedir>
  <include ignore_missing="yes" prefix="relative">etc/fonts/conf.d</include>
</fontconfig>
CONF
wrap() {    # wrap NAME PROGRAM: both below .venv
    cat >"$debs/bin/$1" <<WRAPPER
#!/bin/sh
venv=\$(cd "\$(dirname "\$(readlink -f "\$0")")/../.." && pwd -P)
d=\$venv/debs
for l in "\$d"/usr/lib/*-linux-gnu; do break; done
LD_LIBRARY_PATH=\$l:\$d/lib/\${l##*/}:\$d/usr/lib/chromium:\$l/pulseaudio:\$l/blas:\$l/lapack
FONTCONFIG_FILE=\$d/fonts.conf
export LD_LIBRARY_PATH FONTCONFIG_FILE
exec "\$venv/$2" "\$@"
WRAPPER
    chmod +x "$debs/bin/$1"
}
wrap chromium debs/usr/lib/chromium/chromium
wrap pdftoppm debs/usr/bin/pdftoppm
wrap pdftotext debs/usr/bin/pdftotext
node=$(cd "$root/.venv" && find lib -path '*/playwright/driver/node' | head -1)
[ -n "$node" ] || refuse "the playwright package has no node inside; run tools/bootstrap.sh dev first."
wrap node "$node"
"$debs/bin/node" --version >/dev/null || refuse "the browser's driver does not start; its message stands above."
: >"$debs/ready"
say "unpacked after $(($(date +%s) - began)) s"
