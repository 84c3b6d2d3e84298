"""A command line that is understood and cannot be done."""

from __future__ import annotations

import argparse
import re

_STARTS_WITH_MINUS = re.compile(r"-[\d.(].*", re.DOTALL)


class UsageWrong(ValueError):
    """Its text says what is wrong, and what was probably meant."""


def take_minus_as_value(parser: argparse.ArgumentParser) -> None:
    """Lets `--at -15m` and the expression `-1 * up` through: a minus before a digit begins no option of ours.

    argparse has this for negative numbers alone, behind an underscore; `tests/e2e` would see it go.
    """
    parser._negative_number_matcher = _STARTS_WITH_MINUS
