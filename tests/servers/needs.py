"""What a test needs from the machine: a skip that says so, or a failure where CI=true."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(server: str, what: str) -> NoReturn:
    """Skips the test by name with the reason; in CI a missing server is a failure."""
    reason = f"needs {server}: {what}"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"{reason} (CI=true: a missing server is a failure)", pytrace=False)
    pytest.skip(reason)
