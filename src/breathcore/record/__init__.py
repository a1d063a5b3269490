"""The session container: one SQLite file per session."""
