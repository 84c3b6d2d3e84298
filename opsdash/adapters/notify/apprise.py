"""Everything else, through the apprise library (the extra `apprise`): Teams, Telegram, Opsgenie, Discord, ntfy, …"""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from typing import Any

from opsdash.adapters.http.status import refusal
from opsdash.adapters.notify.threads import Threads
from opsdash.adapters.notify.words import lines_of, title_of
from opsdash.adapters.secrets import Secrets
from opsdash.core.alerting.notice import Notice
from opsdash.core.errors import ConfigInvalid, NeedsFixing, OpsdashError, SourceUnavailable
from opsdash.core.secret import SecretRef
from opsdash.ports import Clock

_KINDS = {"firing": "failure", "acknowledged": "info", "resolved": "success"}
_STATUS = re.compile(r"\berror=([1-5]\d\d)\b", re.ASCII)
_HEARD: ContextVar[list[int] | None] = ContextVar("heard", default=None)
"""What the library tells of the message that this context is about."""
_MOST_HEARD = 50


class Apprise:
    """`kind: apprise`. Its URL holds credentials: it is never shown, nor is anything that the library says of it."""

    def __init__(self, name: str, url: str | SecretRef, secrets: Secrets, clock: Clock) -> None:
        self.name = name
        self._url = url
        self._secrets = secrets
        self._clock = clock
        self._threads = Threads(name)

    async def send(self, notice: Notice) -> str:
        """Lets apprise send it, in a thread. Raises NeedsFixing where the other side's status says that another try
        makes no sense, Retryable otherwise: the library itself says only whether it went."""
        url = await self._secrets.resolve(self._url) if isinstance(self._url, SecretRef) else self._url
        heard = await self._threads.run(lambda: self._deliver(url, notice))
        if heard is not None:
            raise self._failure(heard)
        return "delivered by apprise"

    async def aclose(self) -> None:
        """Nothing is kept open."""

    def _deliver(self, url: str, notice: Notice) -> list[int] | None:
        """None: it went. Else the statuses that the library met, as far as it tells."""
        sender = self._sender(url)
        heard: list[int] = []
        _HEARD.set(heard)
        try:
            went = sender.notify(
                body="\n".join(lines_of(notice)) or title_of(notice),
                title=title_of(notice),
                notify_type=_KINDS[notice.kind],
                body_format="text",
            )
        except Exception as error:  # noqa: BLE001 - one of 180 plug-ins; its words may hold the address
            raise SourceUnavailable(f"{self.name}: apprise broke off: {type(error).__name__}") from None
        return None if went else heard

    def _failure(self, statuses: list[int]) -> OpsdashError:
        """Of several the one that may pass decides."""
        found = [refusal(self.name, status, {}, "", now_s=self._clock.now_s()) for status in statuses]
        passing = [one for one in found if not isinstance(one, NeedsFixing)]
        return next(iter(passing or found), SourceUnavailable(f"{self.name}: apprise could not deliver it"))

    def _sender(self, url: str) -> Any:
        try:
            from apprise import Apprise as Library  # noqa: PLC0415 - an extra, and slow to import
            from apprise import AppriseAsset as Asset  # noqa: PLC0415 - the same
        except ImportError:
            raise ConfigInvalid(f"{self.name} needs the apprise library: pip install 'opsdash[apprise]'") from None
        _listen()
        asset = Asset(app_id="opsdash", app_desc="opsdash", http_redirects=False, storage_mode="memory")
        sender = Library(asset=asset)
        if not sender.add(url):
            raise ConfigInvalid(f"{self.name}: url: apprise does not know such an address")
        return sender


def _listen() -> None:
    """Keeps the library's words, which name hosts and paths that may be the secret, out of every log."""
    logger = logging.getLogger("apprise")
    if not any(isinstance(one, _Ear) for one in logger.handlers):
        logger.addHandler(_Ear(logging.WARNING))
    logger.propagate = False
    for name in ("apprise", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)


class _Ear(logging.Handler):
    """Hears the statuses that the library logs while it delivers a message; its words are not kept."""

    def emit(self, record: logging.LogRecord) -> None:
        """Called by the logger, in a thread of the library's own that has the context of who asked."""
        heard = _HEARD.get()
        if heard is not None and len(heard) < _MOST_HEARD:
            heard += [int(found) for found in _STATUS.findall(record.getMessage())[:1]]
