"""Bytes ⇄ blocks, decoder and encoder side by side."""
