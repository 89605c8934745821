"""The endpoint's ports: plain for probes, with a certificate beside it for people. Any thread."""

import errno
import socket
import ssl
from dataclasses import dataclass

from ..core import Settings, TempHubError

# Probes that come back together after a power cut must find a place in the queue.
BACKLOG = 512


@dataclass(frozen=True)
class Tls:
    """A port on which TLS is spoken."""

    socket: socket.socket
    context: ssl.SSLContext

    @property
    def port(self) -> int:
        """Its number."""
        return int(self.socket.getsockname()[1])

    @classmethod
    def of(cls, settings: Settings) -> "Tls | None":
        """The one that the settings ask for. Raises TempHubError."""
        if settings.tls_cert is None or settings.tls_key is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(settings.tls_cert, settings.tls_key, password=lambda: "")
        # A wrong key raises ssl.SSLError, an OSError; a file that is no PEM at all, ValueError at times.
        except (OSError, ValueError) as error:
            raise _no_certificate(settings, error) from error
        return cls(bind(settings.host, settings.tls_port, "TLS_PORT"), context)


def bind(host: str, port: int, setting: str = "PORT") -> socket.socket:
    """A listening socket. Raises TempHubError naming the setting to change."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise _no_port(host, port, error, setting) from error
    listener.setblocking(False)
    return listener


def _no_certificate(settings: Settings, error: Exception) -> TempHubError:
    return TempHubError(
        f"The certificate {settings.tls_cert} with the key {settings.tls_key} cannot be used ({error}), so "
        "the hub did not start.",
        "Set TLS_CERT and TLS_KEY to PEM files that belong together and have no passphrase, or remove both.",
        code="bad_certificate",
    )


def _no_port(host: str, port: int, error: OSError, setting: str) -> TempHubError:
    if error.errno in (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE)):
        return TempHubError(
            f"Port {port} is used by another program, so probes cannot deliver readings.",
            f"Close the other program, or set {setting} in Start.bat to a free port such as 8090.",
            code="port_taken",
        )
    if error.errno in (errno.EACCES, getattr(errno, "WSAEACCES", errno.EACCES)):
        return TempHubError(
            f"This computer does not allow port {port} to be used, so probes cannot deliver readings.",
            f"Set {setting} in Start.bat to a free port above 1024 such as 8090.",
            code="port_refused",
        )
    return TempHubError(
        f"The hub cannot listen on {host} port {port} ({error.strerror or error}).",
        "Set HOST to 0.0.0.0 or to an address of this computer.",
        code="bad_address",
    )
