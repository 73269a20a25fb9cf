#!/usr/bin/env bash
# Puts the server and what it needs into bundled/libs, for a build of the extension that brings its own; the result is
# for this platform and this version of Python. Then: node scripts/package.mjs --with-server
set -euo pipefail
python=${PYTHON:-python3}
client=$(cd "$(dirname "$0")/.." && pwd)
rm -rf "$client/bundled/libs"
"$python" -m pip install --quiet --disable-pip-version-check --no-compile \
  --require-hashes --target "$client/bundled/libs" -r "$client/../requirements.txt"
"$python" -m pip install --quiet --disable-pip-version-check --no-compile \
  --no-deps --target "$client/bundled/libs" "$client/.."
