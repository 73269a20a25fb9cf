#!/usr/bin/env bash
# Installs a real VS Code for the editor tests into DIR: code-server from the npm registry, a browser to show it and
# the headers that its native modules need from Debian's packages. Nothing is fetched from anywhere else.
# Usage: install-vscode.sh [DIR]; a finished installation of the same version is left as it is.
set -euo pipefail

version=4.100.3 # VS Code 1.100.3: what `engines.vscode` of the extension has to run in
dir=${1:-$(cd "$(dirname "$0")/.." && pwd)/build/vscode}
stamp=$dir/.installed
[ "$(cat "$stamp" 2>/dev/null)" = "$version" ] && exit 0

packages=()
for pair in chromium:chromium rg:ripgrep pkg-config:pkg-config g++:g++ make:make python3:python3 \
  krb5-config:libkrb5-dev; do
  command -v "${pair%%:*}" >/dev/null || packages+=("${pair##*:}")
done
if [ ${#packages[@]} -gt 0 ]; then
  as_root=$([ "$(id -u)" -eq 0 ] || echo sudo)
  $as_root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qq -y --no-install-recommends "${packages[@]}" >/dev/null
fi

# node-gyp would fetch the headers of node; the system's own are the right ones.
export npm_config_nodedir=${NODE_HEADERS:-$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")}
export npm_config_loglevel=error npm_config_audit=false npm_config_fund=false npm_config_package_lock=false
mkdir -p "$dir"
cd "$dir"
echo '{"private": true}' >package.json
npm install --ignore-scripts "code-server@$version"
server=$dir/node_modules/code-server/lib/vscode
(cd "$server" && npm install --ignore-scripts --omit=dev)
(cd "$server/extensions" && npm install --ignore-scripts --omit=dev)

npm rebuild argon2 --build-from-source
(cd "$server" && npm rebuild @vscode/spdlog native-watchdog kerberos --build-from-source)
# the names under which the release archive has what npm and Debian have elsewhere
ln -sfn node_modules "$server/node_modules.asar"
ln -sf code-linux.sh "$server/bin/remote-cli/code-server"
ln -sf browser-linux.sh "$server/bin/helpers/browser.sh"
mkdir -p "$server/node_modules/@vscode/ripgrep/bin"
ln -sf "$(command -v rg)" "$server/node_modules/@vscode/ripgrep/bin/rg"

node node_modules/code-server/out/node/entry.js --version
echo "$version" >"$stamp"
