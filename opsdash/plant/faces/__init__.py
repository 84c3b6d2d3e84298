"""The HTTP interfaces of the plant: the same as those of the real systems, on loopback only."""
