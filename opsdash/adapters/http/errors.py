"""What can go wrong on the way to a server, in words: the one place where foreign errors become ours."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import h11

from opsdash.core.errors import AnswerUnusable, InsecureConnection, OpsdashError, SourceUnavailable
from opsdash.core.text import clean

_CERTIFICATE = {
    9: "its certificate is not valid yet; is the clock of this host right?",
    10: "its certificate has expired",
    18: "its certificate is signed by itself; set tls.ca to the authority to trust",
    19: "its certificate comes from a private authority; set tls.ca to the authority to trust",
    20: "its certificate comes from an authority that this host does not know; set tls.ca",
    21: "its certificate comes from an authority that this host does not know; set tls.ca",
    23: "its certificate was revoked",
    62: "its certificate is for another name",
    64: "its certificate is for another address",
}
_NETWORK = {
    errno.ECONNREFUSED: "refused the connection",
    errno.ENETUNREACH: "cannot be reached: there is no network to it",
    errno.EHOSTUNREACH: "cannot be reached: there is no route to its host",
    errno.ETIMEDOUT: "cannot be reached: its host does not answer",
    errno.ECONNRESET: "cut the connection",
    errno.ECONNABORTED: "cut the connection",
    errno.EPIPE: "cut the connection",
    errno.EMFILE: "cannot be asked: this process has no file descriptor left",
    errno.ENFILE: "cannot be asked: this host has no file descriptor left",
    errno.EACCES: "cannot be reached: a firewall of this host forbids it",
    errno.EPERM: "cannot be reached: a firewall of this host forbids it",
    errno.EADDRNOTAVAIL: "cannot be reached: this host has no free local address",
}
_ALERTS = (
    ("CERTIFICATE_REQUIRED", "asks for a client certificate; set tls.cert and tls.key"),
    ("HANDSHAKE_FAILURE", "agrees on no cipher or asks for a client certificate"),
    ("UNKNOWN_CA", "does not trust the authority of our client certificate"),
    ("BAD_CERTIFICATE", "refuses our client certificate"),
    ("CERTIFICATE_EXPIRED", "refuses our client certificate: it has expired"),
    ("CERTIFICATE_REVOKED", "refuses our client certificate: it was revoked"),
    ("PROTOCOL_VERSION", "speaks only TLS versions that are too old"),
    ("UNSUPPORTED_PROTOCOL", "speaks only TLS versions that are too old"),
    ("UNRECOGNIZED_NAME", "does not know the name it is asked for; set tls.server_name"),
    ("WRONG_VERSION_NUMBER", "does not speak TLS there; is it http:// and not https://?"),
    ("HTTP_REQUEST", "does not speak TLS there; is it http:// and not https://?"),
    ("RECORD_LAYER_FAILURE", "does not speak TLS there; is it http:// and not https://?"),
)


@contextmanager
def network_errors(source: str, where: str) -> Iterator[None]:
    """Maps what sockets, TLS and HTTP raise to our tree; `where` is the host and port that was asked."""
    try:
        yield
    except OpsdashError:
        raise
    except ssl.SSLCertVerificationError as error:
        raise InsecureConnection(f"{source} at {where} is not trusted: {_certificate(error)}") from error
    except ssl.SSLError as error:
        raise _tls(source, where, error) from error
    except socket.gaierror as error:
        raise SourceUnavailable(f"{source}: the name of {where} cannot be resolved") from error
    except UnicodeError as error:
        raise SourceUnavailable(f"{source}: {where} is not a host name") from error
    except h11.RemoteProtocolError as error:
        raise AnswerUnusable(f"{source} at {where} answered something that is not HTTP") from error
    except OSError as error:
        raise SourceUnavailable(f"{source} at {where} {_network(error)}") from error


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    return _CERTIFICATE.get(error.verify_code, clean(str(error.verify_message), longest=120))


def _tls(source: str, where: str, error: ssl.SSLError) -> OpsdashError:
    reason = error.reason or str(error)
    for mark, words in _ALERTS:
        if mark in reason.upper().replace(" ", "_"):
            return InsecureConnection(f"{source} at {where} {words}")
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return SourceUnavailable(f"{source} at {where} cut the connection")
    return InsecureConnection(
        f"{source} at {where}: no secure connection: {clean(reason, longest=80).lower().replace('_', ' ')}"
    )


def _network(error: OSError) -> str:
    if error.errno in _NETWORK:
        return _NETWORK[error.errno]
    if isinstance(error, ConnectionError):
        return "cut the connection"
    return f"cannot be reached: {clean(error.strerror or 'unknown reason', longest=80).lower()}"
