"""Certificates for tests: one authority, and every way in which a server's certificate can be wrong."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import trustme

TlsCase = Literal["good", "wrong_ca", "expired", "wrong_host", "client_wanted"]


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files for `tls: {ca, cert, key}` of a source, and contexts for servers."""

    ca: Path
    """The authority that the good server certificates come from."""
    client_cert: Path
    """Of a client that `client_wanted` lets in; its common name is `opsdash client`."""
    client_key: Path
    stranger_cert: Path
    """Of a client that `client_wanted` refuses: another authority."""
    stranger_key: Path
    _authority: trustme.CA
    _other: trustme.CA

    def context(self, case: TlsCase) -> ssl.SSLContext:
        """For a server; `good` and `client_wanted` are valid for 127.0.0.1 and localhost."""
        authority = self._other if case == "wrong_ca" else self._authority
        names = ("elsewhere.example",) if case == "wrong_host" else ("127.0.0.1", "localhost")
        begun = datetime.now(UTC) - timedelta(days=30)
        ended = begun + timedelta(days=28 if case == "expired" else 365)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names, not_before=begun, not_after=ended).configure_cert(context)
        if case == "client_wanted":
            context.verify_mode = ssl.CERT_REQUIRED
            self._authority.configure_trust(context)
        return context


def make_tls_files(folder: Path) -> TlsFiles:
    """Makes the authority and the client certificates."""
    authority, other = trustme.CA(organization_name="opsdash tests"), trustme.CA(organization_name="somebody else")
    folder.mkdir(parents=True, exist_ok=True)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for name, issuer in (("client", authority), ("stranger", other)):
        certificate = issuer.issue_cert(f"{name}@opsdash.test", common_name=f"opsdash {name}")
        certificate.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
        certificate.private_key_pem.write_to_path(folder / f"{name}.key")
    return TlsFiles(
        ca=folder / "ca.pem",
        client_cert=folder / "client.pem",
        client_key=folder / "client.key",
        stranger_cert=folder / "stranger.pem",
        stranger_key=folder / "stranger.key",
        _authority=authority,
        _other=other,
    )
