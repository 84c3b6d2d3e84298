"""Small synchronous HTTP for test code: never through a proxy, and the body of an error answer is an answer too."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


def ask(
    url: str,
    *,
    params: Mapping[str, str | list[str]] | None = None,
    body: bytes | None = None,
    method: str | None = None,
    content_type: str = "application/json",
    timeout_s: float = 30.0,
) -> Got:
    """One request. Raises OSError when nobody answers."""
    if params:
        url = f"{url}?{urllib.parse.urlencode(params, doseq=True)}"
    request = urllib.request.Request(url, data=body, method=method)
    if body is not None:
        request.add_header("Content-Type", content_type)
    try:
        with _OPENER.open(request, timeout=timeout_s) as answer:
            return Got(status=answer.status, headers=dict(answer.headers), body=answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Got(status=error.code, headers=dict(error.headers), body=error.read())
