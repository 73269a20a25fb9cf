"""End-to-end tests: the real server process, spoken to as editors do."""
