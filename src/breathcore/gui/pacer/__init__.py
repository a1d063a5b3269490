"""The same frame as a circle, as words, or as steps."""
