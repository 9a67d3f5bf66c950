#!/bin/sh
# Regenerate requirements/*.lock from the .in files: versions with the hashes of every file, and no name of any index.
# Versions already locked stay; `make lock UPGRADE=--upgrade` takes the newest, `UPGRADE="--upgrade-package NAME"` one.
set -eu
cd "$(dirname "$0")/../requirements"
uv=$1
shift
for name in uv runtime adapters demo dev sslyze; do  # adapters and demo are constrained by runtime's lock, dev by both
    echo "locking requirements/$name.lock"
    env UV_CUSTOM_COMPILE_COMMAND="make lock" "$uv" --no-config --quiet pip compile --universal --python-version 3.11 \
        --generate-hashes --only-binary :all: --no-binary sslyze --no-emit-index-url --no-emit-find-links \
        "$@" --output-file "$name.lock" "$name.in" >/dev/null
done
