-- Run monthly: dead letters older than ninety days are past any appeal.
DELETE FROM dead_letter
WHERE buried_at < unixepoch('now') - 90 * 86400;
