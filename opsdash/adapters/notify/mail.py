"""Mail over SMTP, in a thread: TLS from the start (smtps), by STARTTLS, or none where the configuration says so."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from hashlib import sha256
from urllib.parse import urlsplit

from opsdash.adapters.notify.threads import Threads
from opsdash.adapters.notify.words import lines_of, title_of
from opsdash.adapters.secrets import Secrets
from opsdash.core.alerting.notice import Notice
from opsdash.core.errors import AccessDenied, InsecureConnection, OpsdashError, QueryRejected, SourceUnavailable
from opsdash.core.secret import SecretRef
from opsdash.core.text import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Where mails go through, and to whom."""

    url: str
    """`smtp://HOST[:587]` with STARTTLS, `smtps://HOST[:465]`."""
    sender: str
    recipients: tuple[str, ...]
    username: str = ""
    password: str | SecretRef = ""
    starttls: bool = True
    """False only for a relay on this host or network: what is sent can be read on the way."""
    timeout_s: float = 10.0


class Mail:
    """`kind: email`."""

    def __init__(self, name: str, mailbox: Mailbox, secrets: Secrets) -> None:
        self.name = name
        self._mailbox = mailbox
        self._secrets = secrets
        self._threads = Threads(name)

    async def send(self, notice: Notice) -> str:
        """Hands the mail over; the server's last words."""
        password = self._mailbox.password
        secret = await self._secrets.resolve(password) if isinstance(password, SecretRef) else password
        message = mail_of(notice, self._mailbox.sender, self._mailbox.recipients)
        return await self._threads.run(lambda: self._hand_over(message, secret))

    async def aclose(self) -> None:
        """Nothing is kept open."""

    def _hand_over(self, message: EmailMessage, password: str) -> str:
        try:
            with self._connected() as server:
                if password:
                    server.login(self._mailbox.username, password)
                refused = server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise self._failure(error) from None
        if refused:
            raise QueryRejected(f"{self.name}: refused for {', '.join(clean(one, longest=80) for one in refused)}")
        return f"handed over for {len(self._mailbox.recipients)}"

    def _connected(self) -> smtplib.SMTP:
        mailbox, parts = self._mailbox, urlsplit(self._mailbox.url)
        host, context = parts.hostname or "", ssl.create_default_context()
        if parts.scheme == "smtps":
            return smtplib.SMTP_SSL(host, parts.port or 465, timeout=mailbox.timeout_s, context=context)
        server = smtplib.SMTP(host, parts.port or 587, timeout=mailbox.timeout_s)
        if mailbox.starttls:
            try:
                server.starttls(context=context)
            except BaseException:
                server.close()
                raise
        return server

    def _failure(self, error: OSError | smtplib.SMTPException) -> OpsdashError:
        """4xx is temporary and 5xx permanent (RFC 5321, 4.2.1); what never got an answer is temporary."""
        match error:
            case ssl.SSLError() | smtplib.SMTPNotSupportedError():
                return InsecureConnection(f"{self.name}: no safe connection to the mail server: {clean(str(error))}")
            case smtplib.SMTPAuthenticationError():
                return AccessDenied(f"{self.name}: the mail server does not let us in ({error.smtp_code})")
            case smtplib.SMTPRecipientsRefused():
                codes = [code for code, _ in error.recipients.values()]
                words = f"{self.name}: the mail server refused the recipients ({codes[0]})"
                return SourceUnavailable(words) if all(code < 500 for code in codes) else QueryRejected(words)
            case smtplib.SMTPResponseException():
                said = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else ""
                words = f"{self.name}: the mail server answered {error.smtp_code}: {clean(said, longest=200)}"
                return SourceUnavailable(words) if error.smtp_code < 500 else QueryRejected(words)
            case _:
                return SourceUnavailable(f"{self.name}: the mail server cannot be reached: {clean(str(error))}")


def mail_of(notice: Notice, sender: str, recipients: Sequence[str]) -> EmailMessage:
    """The mail. All of one group are one thread; no header comes from a label without being made one clean line."""
    message = EmailMessage()
    message["Subject"] = title_of(notice)
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Date"] = formatdate(notice.at_s)
    message["Message-ID"] = f"<{_digest(notice.key)}@opsdash>"
    message["References"] = f"<{_digest(notice.thread)}@opsdash>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join((title_of(notice), "", *lines_of(notice), "")))
    return message


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
