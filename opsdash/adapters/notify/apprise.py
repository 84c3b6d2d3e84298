"""Everything else, through the apprise library (the extra `apprise`): Teams, Telegram, Opsgenie, Discord, ntfy, …"""

from __future__ import annotations

import asyncio
from typing import Any

from opsdash.adapters.notify.words import lines_of, title_of
from opsdash.adapters.secrets import Secrets
from opsdash.core.alerting.notice import Notice
from opsdash.core.errors import ConfigInvalid, SourceUnavailable
from opsdash.core.secret import SecretRef


class Apprise:
    """`kind: apprise`, and the kinds that only apprise knows. Its URL holds credentials: it is never shown."""

    def __init__(self, name: str, url: str | SecretRef, secrets: Secrets) -> None:
        self.name = name
        self._url = url
        self._secrets = secrets

    async def send(self, notice: Notice) -> str:
        """Lets apprise send it, in a thread. It says only whether it went: a failure is taken for temporary."""
        url = await self._secrets.resolve(self._url) if isinstance(self._url, SecretRef) else self._url
        sender = await asyncio.to_thread(self._sender, url)
        kind = {"firing": "failure", "acknowledged": "info", "resolved": "success"}[notice.kind]
        body = "\n".join(lines_of(notice))
        went = await asyncio.to_thread(sender.notify, body=body, title=title_of(notice), notify_type=kind)
        if not went:
            raise SourceUnavailable(f"{self.name}: apprise could not deliver it")
        return "delivered by apprise"

    async def aclose(self) -> None:
        """Nothing is kept open."""

    def _sender(self, url: str) -> Any:
        try:
            from apprise import Apprise as Library  # noqa: PLC0415 - an extra, and slow to import
        except ImportError:
            raise ConfigInvalid(f"{self.name} needs the apprise library: pip install 'opsdash[apprise]'") from None
        sender = Library()
        if not sender.add(url):
            raise ConfigInvalid(f"{self.name}: url: apprise does not know such an address")
        return sender
