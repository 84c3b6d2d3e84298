"""A mirror: what is to stand in an Alertmanager, and whether it does. Written down before the Alertmanager is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal, cast, get_args

from opsdash.core.alerting import decoding
from opsdash.core.alerting.decoding import Unreadable
from opsdash.core.alerting.marks import Silence
from opsdash.core.documents import Write

KIND = "hub"
Why = Literal["ack", "silence", "change"]
_WHYS = frozenset(get_args(Why))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """A silence that somebody's deed wants in an Alertmanager.

    It carries a mark of its own in its comment: a leader that died between asking for it and writing down its id leaves
    one that the next leader finds again.
    """

    key: str
    why: Why
    """It stands for an acknowledgement, for a silence of ours, or it changes one that was made there."""
    hub: str
    """Name of the Alertmanager source that it is written to."""
    subject: str
    """Whose history tells of it: a fingerprint, or the id of a silence."""
    silence: Silence
    """As it is to be there; its `id` is not that of the Alertmanager."""
    token: str = ""
    """What it is found by in the comments of the Alertmanager's silences."""
    there: str = ""
    """Its id there; empty until it was made."""
    is_done: bool = False
    """Whether the Alertmanager has it as it is here."""
    is_ending: bool = False
    """Whether it is to be ended there, and then forgotten here."""
    done_at_s: float = 0.0
    trouble: str = ""
    """What the Alertmanager said where it refused it: it is asked again when something else is wanted."""

    @property
    def mark(self) -> str:
        """What stands at the end of its comment there."""
        return f"[opsdash {self.token}]" if self.token else ""


def mirror_written(mirror: Mirror) -> Write:
    """The document of a mirror."""
    body = {name: getattr(mirror, name) for name in ("why", "hub", "subject", "token", "there", "trouble")}
    body |= {"is_done": mirror.is_done, "is_ending": mirror.is_ending, "done_at_s": mirror.done_at_s}
    body["silence"] = decoding.encoded(mirror.silence)
    text = json.dumps(body, separators=(",", ":"), allow_nan=False)
    return Write(kind=KIND, key=mirror.key, body=text)


def mirror_read(key: str, body: decoding.Json) -> Mirror:
    """The mirror of a document. Raises Unreadable."""
    texts = {name: body.get(name, "") for name in ("why", "hub", "subject", "token", "there", "trouble")}
    silence, done_at_s = body.get("silence"), body.get("done_at_s", 0.0)
    if any(not isinstance(text, str) for text in texts.values()) or not isinstance(silence, dict):
        raise Unreadable("it is no silence of an Alertmanager")
    if texts["why"] not in _WHYS or isinstance(done_at_s, bool) or not isinstance(done_at_s, int | float):
        raise Unreadable("it is there for a reason that is not known here")
    return Mirror(
        key=key,
        why=cast("Why", texts.pop("why")),
        silence=decoding.silence(silence),
        is_done=body.get("is_done") is True,
        is_ending=body.get("is_ending") is True,
        done_at_s=float(done_at_s),
        **texts,
    )
