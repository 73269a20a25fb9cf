#!/bin/sh
# A consistent copy of the queue while the service runs; keeps the last seven.
set -eu

database=${COURIER_DATABASE:-/var/lib/courier/queue.sqlite}
target=${BACKUP_FOLDER:-/var/backups/courier}

copy_database() {
    sqlite3 "$database" ".backup '$target/queue-$(date +%Y%m%d).sqlite'"
}

prune_old_copies() {
    ls -1t "$target"/queue-*.sqlite | tail -n +8 | while read -r old; do
        rm -f -- "$old"
    done
}

copy_database
prune_old_copies
