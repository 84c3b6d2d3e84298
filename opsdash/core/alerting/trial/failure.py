"""What can be wrong with a trial, apart from its result."""

from __future__ import annotations

from opsdash.core.errors import NeedsFixing


class TrialWrong(NeedsFixing):
    """A unit test or a back-test that cannot be run: a value, a series or a rule that cannot be read."""
