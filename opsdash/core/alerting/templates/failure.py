"""What can be wrong with a template."""

from __future__ import annotations

from opsdash.core.errors import NeedsFixing


class TemplateFailed(NeedsFixing):
    """A template that cannot be read, or not with these values; `position` is where, in characters from 0."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position
