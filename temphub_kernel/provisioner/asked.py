"""What a person asked for: a host named in any way, an interval. Any thread."""

import socket
from ipaddress import ip_address

from ..base.errors import BadGateway, BadRequest, NotFound, TempHubError
from ..base.reading import MAX_INTERVAL_MS, MIN_INTERVAL_MS


def numeric(host: str, port: int) -> str:
    """The numeric address of `host`. Raises TempHubError (`unknown_probe`); a slow name server may take seconds."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
    except (OSError, UnicodeError) as error:
        raise unknown(host, "is not the id of a known probe, and no such name is on the network") from error


def unknown(host: str, why: str) -> TempHubError:
    """Nobody knows such a probe."""
    return NotFound(
        f"{host[:64]!r} {why}, so no probe was told where to deliver.",
        "Give a probe id from the list of probes, or the probe's numeric address.",
        code="unknown_probe",
    )


def bad_interval(interval_ms: int) -> TempHubError:
    """An interval outside the bounds."""
    return BadRequest(
        f"The interval {interval_ms} ms cannot be used.",
        f"Give a whole number of milliseconds from {MIN_INTERVAL_MS} to {MAX_INTERVAL_MS}.",
        code="bad_interval",
    )


def busy(probe_id: str) -> TempHubError:
    """Somebody else talks to the probe and does not end."""
    return BadGateway(
        f"The probe {probe_id} is being talked to and does not finish, so it was not told.",
        "Try again in a few seconds.",
        code="probe_unreachable",
    )
