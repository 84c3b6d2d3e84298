"""Slack, and what takes Slack's messages (Mattermost, Discord's /slack address): an incoming webhook."""

from __future__ import annotations

from opsdash.adapters.notify.sending import Poster
from opsdash.adapters.notify.words import lines_of, title_of
from opsdash.core.alerting.notice import Notice
from opsdash.core.alerting.severity import Severity

_COLOURS = {Severity.CRITICAL: "#d32f2f", Severity.WARNING: "#f9a825", Severity.INFO: "#1976d2"}
_OVER = "#388e3c"
_SIGNS = {"firing": "●", "acknowledged": "✓", "resolved": "○"}
LONGEST_TEXT = 3_000
"""Slack cuts an attachment's text here."""


class Slack:
    """`kind: slack`."""

    def __init__(self, name: str, poster: Poster, *, channel: str = "") -> None:
        self.name = name
        self._poster = poster
        self._channel = channel

    async def send(self, notice: Notice) -> str:
        """Posts the message."""
        return await self._poster.post(message_of(notice, channel=self._channel))

    async def aclose(self) -> None:
        """Closes connections."""
        await self._poster.aclose()


def message_of(notice: Notice, *, channel: str = "") -> dict[str, object]:
    """Slack's message: a title, and an attachment whose bar has the colour of the severity."""
    worst = max(alert.severity for alert in notice.alerts)
    title = f"{_SIGNS[notice.kind]} {escaped(title_of(notice))}"
    body = "\n".join(escaped(line) for line in lines_of(notice))
    message: dict[str, object] = {
        "text": title,
        "attachments": [
            {
                "color": _OVER if notice.kind == "resolved" else _COLOURS[worst],
                "fallback": title,
                "text": body if len(body) <= LONGEST_TEXT else body[: LONGEST_TEXT - 1] + "…",
                "mrkdwn_in": [],
            }
        ],
    }
    return {"channel": channel, **message} if channel else message


def escaped(text: str) -> str:
    """Text that Slack takes as text: no link, no mention, no markup (its three control characters)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
