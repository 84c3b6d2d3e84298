"""A notifier from its entry in the configuration."""

from __future__ import annotations

from opsdash.adapters.notify.apprise import Apprise
from opsdash.adapters.notify.mail import Mail, Mailbox
from opsdash.adapters.notify.pagerduty import EVENTS_URL, PagerDuty
from opsdash.adapters.notify.sending import Poster
from opsdash.adapters.notify.slack import Slack
from opsdash.adapters.notify.webhook import Webhook
from opsdash.adapters.secrets import Secrets
from opsdash.core.alerting.spec import NotifierSpec
from opsdash.core.errors import ConfigInvalid
from opsdash.core.secret import SecretRef
from opsdash.ports import Clock, Notifier


def build_notifier(spec: NotifierSpec, clock: Clock, secrets: Secrets) -> Notifier:
    """The adapter of this kind; nobody is told anything yet. Raises ConfigInvalid for a kind that is none."""

    def poster(url: str | SecretRef) -> Poster:
        return Poster(spec.name, url, timeout_s=spec.timeout_s, clock=clock, secrets=secrets)

    match spec.kind:
        case "webhook" if spec.url is not None:
            return Webhook(spec.name, poster(spec.url))
        case "slack" | "mattermost" if spec.url is not None:
            return Slack(spec.name, poster(spec.url), channel=str(spec.options.get("channel", "")))
        case "pagerduty":
            return PagerDuty(spec.name, poster(spec.url or EVENTS_URL), spec.options["routing_key"], secrets)
        case "email" if isinstance(spec.url, str):
            return Mail(spec.name, _mailbox(spec, spec.url), secrets)
        case "apprise" if spec.url is not None:
            return Apprise(spec.name, spec.url, secrets, clock)
        case _:
            raise ConfigInvalid(f"notify: {spec.name}: {spec.kind} cannot be built from what is given")


def _mailbox(spec: NotifierSpec, url: str) -> Mailbox:
    return Mailbox(
        url=url,
        sender=str(spec.options.get("from", "")),
        recipients=tuple(part.strip() for part in str(spec.options.get("to", "")).split(",") if part.strip()),
        username=str(spec.options.get("username", "")),
        password=spec.options.get("password", ""),
        starttls=spec.options.get("starttls", "") != "off",
        timeout_s=spec.timeout_s,
    )
