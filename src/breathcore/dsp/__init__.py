"""Stateful block primitives: filters, ring buffers, running quantiles, peaks; identical output for any block split."""
