#!/usr/bin/env bash
# Puts the dead letters of one receiver back into the queue.
set -euo pipefail

host=${1:?usage: requeue_dead.sh HOST}
database=${COURIER_DATABASE:-/var/lib/courier/queue.sqlite}

escaped_host=${host//\'/\'\'}

sqlite3 "$database" <<SQL
BEGIN IMMEDIATE;
INSERT INTO message (id, host, payload, state, due_at)
  SELECT id, '$escaped_host', payload, 'ready', unixepoch('now')
  FROM dead_letter
  WHERE json_extract(payload, '\$.url') LIKE '%//$escaped_host/%';
DELETE FROM dead_letter WHERE id IN (SELECT id FROM message);
COMMIT;
SQL

echo "requeued dead letters of $host"
