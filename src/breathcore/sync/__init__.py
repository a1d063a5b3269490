"""Sensor clocks → the session clock."""
