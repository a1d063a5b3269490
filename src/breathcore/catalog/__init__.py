"""Finds, validates and loads the device and drill files."""
