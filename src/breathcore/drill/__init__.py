"""Timeline, engine, scoring and safety screening of drills."""
