"""YAML into core values: `load` gives a board, and every problem with its place."""

from opsdash.config.loading import Loaded, load
from opsdash.config.problems import Problem

__all__ = ["Loaded", "Problem", "load"]
