#!/usr/bin/env bash
# Sets up the editors that the tests beside it drive: Emacs, a browser and compilers from Debian's packages; VS Code
# (code-server) and the extension's tools from the npm registry. Nothing is fetched from anywhere else, and Neovim comes
# with the Python packages. What is finished is left as it is.
# Usage: install.sh DIR. What this machine lacks (Node, a registry that answers, the right to install) is printed and
# goes into DIR/lacking, for the tests that are skipped to say so. Whatever else goes wrong fails, and DIR/failed, with
# which VS Code's tests fail, tells it.
set -euo pipefail

version=4.100.3 # VS Code 1.100.3: what `engines.vscode` of the extension has to run in
least_node=20   # what the extension's tools and this code-server want
client=$(cd "$(dirname "$0")/../../vscode-client" && pwd)
mkdir -p "${1:?the folder to install into}"
dir=$(cd "$1" && pwd)
rm -f "$dir/lacking"
echo "setting VS Code up did not end" >"$dir/failed"
trap 'echo "setting VS Code up failed in line $LINENO: $BASH_COMMAND" | tee "$dir/failed" >&2' ERR
set -o errtrace

done_with_it() {
  rm -f "$dir/failed"
  exit 0
}

lacking() {
  printf '%s\n' "$*" >"$dir/lacking"
  printf 'VS Code cannot be set up here, its tests will be skipped: %s\n' "$*" >&2
  done_with_it
}

last_words() { grep -v 'complete log' "$1" | tail -n 1; }

# debian PATH:PACKAGE...: install the packages whose file is not there; false where that cannot be.
debian() {
  local missing=() as_root=() pair
  for pair in "$@"; do
    compgen -G "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" -eq 0 ] || as_root=(sudo --non-interactive)
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq
    -o Acquire::Retries=3 -o Acquire::http::Timeout=20 -o DPkg::Lock::Timeout=300)
  echo "installing Debian's ${missing[*]}" >&2
  "${as_root[@]}" timeout 240 "${apt[@]}" update >"$dir/apt.log" 2>&1 || true # what is known from earlier may do
  "${as_root[@]}" "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >>"$dir/apt.log" 2>&1 && return
  tail -n 3 "$dir/apt.log" >&2
  return 1
}

# from_npm ARGUMENTS...: npm with these, in this folder. A registry may fail for a moment.
from_npm() {
  local try
  for try in 1 2 3; do
    timeout 240 npm "$@" >"$dir/npm.log" 2>&1 && return
    echo "npm $* failed, $try of 3 times: $(last_words "$dir/npm.log")" >&2
    sleep $((try * 5))
  done
  lacking "npm $* gets no answer: $(last_words "$dir/npm.log")"
}

[ "$(uname)" = Linux ] || lacking "it is set up on Linux alone"
debian /usr/bin/emacs:emacs-nox "/usr/share/emacs/site-lisp/elpa/eglot-*:elpa-eglot" || echo "there will be no Emacs to test in" >&2

node=$(command -v node || true)
[ -n "$node" ] && command -v npm >/dev/null || lacking "there is no Node with npm"
[ "$(node -p 'parseInt(process.versions.node)')" -ge "$least_node" ] || lacking "Node is older than $least_node"

export npm_config_loglevel=error npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false
export npm_config_fetch_retries=4 npm_config_fetch_retry_mintimeout=2000 npm_config_fetch_retry_maxtimeout=10000
finished=$([ "$(cat "$dir/.installed" 2>/dev/null || true)" = "$version" ] && echo yes || echo no)
ready=$([ "$client/node_modules" -nt "$client/package-lock.json" ] && echo yes || echo no)
[ "$finished$ready" = yesyes ] && [ -e /usr/bin/chromium ] && done_with_it

debian /usr/bin/chromium:chromium /usr/bin/rg:ripgrep /usr/bin/pkg-config:pkg-config /usr/bin/g++:g++ \
  /usr/bin/make:make /usr/bin/python3:python3 /usr/bin/krb5-config:libkrb5-dev ||
  lacking "Debian's packages cannot be installed: $(last_words "$dir/apt.log")"

if [ "$ready" = no ]; then
  echo "installing the extension's tools" >&2
  cd "$client"
  from_npm ci --ignore-scripts
  touch node_modules
fi
[ "$finished" = yes ] && done_with_it

# node-gyp would fetch the headers of node; the system's own are the right ones.
headers=${NODE_HEADERS:-$(dirname "$(dirname "$(readlink -f "$node")")")}
[ -e "$headers/include/node/node_api.h" ] || lacking "the headers of Node are not in $headers/include"
export npm_config_nodedir=$headers npm_config_package_lock=false
echo "installing VS Code (once, a minute or two)" >&2
cd "$dir"
echo '{"private": true}' >package.json
from_npm install --ignore-scripts "code-server@$version"
timeout 240 npm rebuild argon2 --build-from-source
server=$dir/node_modules/code-server/lib/vscode
cd "$server/extensions"
from_npm install --ignore-scripts --omit=dev
cd "$server"
from_npm install --ignore-scripts --omit=dev
timeout 240 npm rebuild @vscode/spdlog native-watchdog kerberos --build-from-source
# the names under which the release archive has what npm and Debian have elsewhere
ln -sfn node_modules "$server/node_modules.asar"
ln -sf code-linux.sh "$server/bin/remote-cli/code-server"
ln -sf browser-linux.sh "$server/bin/helpers/browser.sh"
mkdir -p "$server/node_modules/@vscode/ripgrep/bin"
ln -sf /usr/bin/rg "$server/node_modules/@vscode/ripgrep/bin/rg"

node "$dir/node_modules/code-server/out/node/entry.js" --version
echo "$version" >"$dir/.installed"
done_with_it
