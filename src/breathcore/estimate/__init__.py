"""Samples → breath trace, breaths, rate, phase, heart, quality."""
