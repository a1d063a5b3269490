"""Simulated wearables as real Bluetooth Low Energy peripherals: the only room that knows bumble (extra ``sim``)."""
