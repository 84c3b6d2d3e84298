"""The names of the architectures, for the command line: it starts the plant before anything heavy is imported."""

from __future__ import annotations

ARCHITECTURE_NAMES = ("shop", "netflix", "amazon")
"""Those of `architectures.ARCHITECTURES`, in its order; building the topologies takes 20 ms."""
