"""A command line that is understood and cannot be done."""

from __future__ import annotations


class UsageWrong(ValueError):
    """Its text says what is wrong, and what was probably meant."""
