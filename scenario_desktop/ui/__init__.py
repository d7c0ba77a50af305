"""The window: Qt widgets over services. Imports neither httpx, SQLite nor the engine."""
