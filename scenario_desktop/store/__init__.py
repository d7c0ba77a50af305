"""Files of ours: SQLite databases, settings, caches. Knows neither Qt nor HTTP."""
