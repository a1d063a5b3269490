"""The pure pipeline and what runs it."""
