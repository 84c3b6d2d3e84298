"""Checks `sources:`: what belongs to which kind, credentials, certificates."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from opsdash.config.build import tls_files
from opsdash.config.models.source import SECRET_HEADER_WORDS, Source
from opsdash.config.parsing import Parsed
from opsdash.config.problems import shown
from opsdash.config.report import Report
from opsdash.config.union import Union

_ELASTICSEARCH_ONLY = ("index", "time_field", "message_field", "level_field", "ingest_lag")
_PROMETHEUS_ONLY = ("scrape_interval",)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_RESERVED_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_WAYS_IN = ("bearer", "basic", "api_key")


def check_sources(union: Union, report: Report) -> None:
    """Reports what is wrong with them."""
    for name, source in union.sources.items():
        if not name.strip() or not name.isprintable():
            report.error(source.place, "a source needs a name that can be read", key=True)
        _kind(source, report)
        _auth(source, report)
        _headers(source, report)
        _tls(source, report)


def _kind(source: Parsed[Source], report: Report) -> None:
    model = source.model
    wrong = _ELASTICSEARCH_ONLY if model.kind != "elasticsearch" else _PROMETHEUS_ONLY
    for key in wrong:
        if key in model.model_fields_set:
            report.error(source.place / key, f"a source of kind {model.kind} has no {key}", key=True)


def _auth(source: Parsed[Source], report: Report) -> None:
    auth = source.model.auth
    if auth is None:
        return
    place = source.place / "auth"
    ways = [way for way in _WAYS_IN if getattr(auth, way) is not None]
    if source.whole and len(ways) != 1:
        given = "none of them is given" if not ways else f"{' and '.join(ways)} are given"
        report.error(place, f"takes one of bearer, basic and api_key; {given}")
    if auth.api_key is not None and source.model.kind != "elasticsearch":
        report.error(place / "api_key", f"a source of kind {source.model.kind} knows bearer and basic", key=True)
    parts = urlsplit(source.model.url)
    if source.whole and parts.scheme == "http" and parts.hostname not in _LOOPBACK and source.model.proxy is None:
        report.warning(source.place / "url", "credentials travel unencrypted over http:// to another host")


def _headers(source: Parsed[Source], report: Report) -> None:
    seen: set[str] = set()
    for name, value in source.model.headers.items():
        place = source.place / "headers" / name
        lower = name.lower()
        if not _HEADER_NAME.fullmatch(name):
            report.error(place, "not the name of a header", key=True)
        elif lower in _RESERVED_HEADERS:
            report.error(place, "opsdash sets this header itself", key=True)
        elif lower in seen:
            report.error(place, "given twice; header names know no case", key=True)
        seen.add(lower)
        if not isinstance(value, str):
            continue
        if any(word in lower for word in SECRET_HEADER_WORDS):
            report.error(place, "a header that lets us in; secrets go by reference: env:NAME, file:PATH or command:…")
        elif not value.isprintable():
            report.error(place, "holds a line break or a character that a header cannot carry")


def _tls(source: Parsed[Source], report: Report) -> None:
    tls = source.model.tls
    if tls is None:
        return
    place = source.place / "tls"
    if (tls.cert is None) != (tls.key is None) and source.whole:
        given, missing = ("cert", "key") if tls.key is None else ("key", "cert")
        report.error(place / given, f"{given} without {missing}; mutual TLS needs both", key=True)
    if tls.insecure_skip_verify:
        report.warning(place / "insecure_skip_verify", "whoever is in between can read and change everything")
    folder = Path(source.place.document.file).absolute().parent
    for key, path in tls_files(tls, folder).items():
        if not path.exists():
            report.warning(place / key, f"there is no file {shown(path, 200)}")
