"""TLS contexts from the configuration: verified unless it says otherwise, in so many words."""

from __future__ import annotations

import os
import ssl

from opsdash.core.errors import ConfigInvalid
from opsdash.core.sources import Tls
from opsdash.core.text import clean

Stamp = tuple[tuple[str, int, int], ...]


def files_stamp(tls: Tls) -> Stamp:
    """Changes when a certificate was renewed, so that the next connection uses the new one."""
    stamp = []
    for path in (tls.ca, tls.cert, tls.key):
        if path is not None:
            try:
                status = os.stat(path)
                stamp.append((path, status.st_mtime_ns, status.st_size))
            except OSError:
                stamp.append((path, 0, 0))
    return tuple(stamp)


def tls_context(source: str, tls: Tls) -> ssl.SSLContext:
    """The context; raises ConfigInvalid naming the file that cannot be used."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if tls.ca is not None:
        context = _with_ca(source, context, tls.ca)
    elif not context.get_ca_certs() and not _has_ca_folder():
        _trust_bundled(context)
    if tls.cert is not None:
        _present(source, context, tls.cert, tls.key)
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _with_ca(source: str, system: ssl.SSLContext, path: str) -> ssl.SSLContext:
    """A context that trusts this authority only: whoever names one does not mean all public ones beside it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags = system.verify_flags
    context.minimum_version = system.minimum_version
    context.set_alpn_protocols(["http/1.1"])
    try:
        if os.path.isdir(path):
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except ssl.SSLError as error:
        raise ConfigInvalid(f"{source}: tls.ca: {clean(path, longest=200)} holds no PEM certificate") from error
    except OSError as error:
        raise ConfigInvalid(f"{source}: tls.ca: {clean(path, longest=200)} cannot be read: {error.strerror}") from error
    return context


def _has_ca_folder() -> bool:
    """Whether the system has its authorities in a folder, which OpenSSL reads only when it needs one."""
    folder = ssl.get_default_verify_paths().capath
    return bool(folder) and any(True for _ in os.scandir(folder))


def _trust_bundled(context: ssl.SSLContext) -> None:
    """A host without a certificate store: the one that comes with the client of Elasticsearch."""
    import certifi  # noqa: PLC0415 - needed on few hosts; it would cost every start

    context.load_verify_locations(cafile=certifi.where())


def _present(source: str, context: ssl.SSLContext, cert: str, key: str | None) -> None:
    shown = clean(cert, longest=200)
    try:
        context.load_cert_chain(cert, key, password=lambda: b"")
    except ssl.SSLError as error:
        reason = (error.reason or "").upper()
        if "KEY_VALUES_MISMATCH" in reason:
            raise ConfigInvalid(f"{source}: tls.key does not belong to {shown}") from error
        if key is None:
            raise ConfigInvalid(f"{source}: tls.cert: {shown} holds no key beside it; set tls.key") from error
        raise ConfigInvalid(
            f"{source}: tls.cert and tls.key are not a PEM certificate and its key without a pass phrase"
        ) from error
    except ValueError as error:  # the empty pass phrase: a prompt on the terminal would hang the dashboard
        raise ConfigInvalid(f"{source}: tls.key has a pass phrase; opsdash cannot ask for it") from error
    except OSError as error:
        raise ConfigInvalid(f"{source}: tls.cert or tls.key cannot be read: {error.strerror}") from error
