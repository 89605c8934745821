"""What a person asked for, checked, and why a probe was not told, in words. Any thread."""

import socket
from collections.abc import Mapping
from ipaddress import ip_address

from ..core import (
    MAX_INTERVAL_MS,
    MIN_INTERVAL_MS,
    BadGateway,
    BadRequest,
    Conflict,
    NotFound,
    Sighting,
    TempHubError,
)


def numeric(host: str, port: int) -> str:
    """The numeric address of `host`. Raises TempHubError (`unknown_probe`); a slow name server may take
    seconds."""
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


def check_interval(interval_ms: int | None) -> None:
    """Raises TempHubError (`bad_interval`) for an interval outside the bounds; None is none asked for."""
    if interval_ms is not None and not MIN_INTERVAL_MS <= interval_ms <= MAX_INTERVAL_MS:
        raise BadRequest(
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


LONGEST_TEXT = 200
TWIN_REMEDY = (
    "Run `temphub stop` on the computer that is not to go on; its probes come to the other one by themselves "
    "within seconds."
)


class ProbeHeld(Conflict):
    """Raised when a probe is another hub's: no fault of it, nor of this hub."""


class ProbeWaits(Conflict):
    """Raised when a probe waits for a person's yes."""


class ProbeClaimed(ProbeHeld):
    """Raised when a probe holds the token or the key of another hub; where this hub has several tokens, the
    next is tried."""

    code = "probe_claimed"


class ProbeWantsToken(Conflict):
    """Raised when a probe without keys takes orders only with a token, and nobody vouched for it; if it
    delivers here, all is well."""

    code = "probe_wants_token"


def said_text(answer: Mapping[str, object], key: str) -> str:
    """What a device says under a name: printable, not long."""
    value = answer.get(key)
    return (
        "".join(char for char in value if char.isprintable())[:LONGEST_TEXT] if isinstance(value, str) else ""
    )


def refused(
    probe_id: str, ip: str, port: int, what: str, code: int, answer: Mapping[str, object] | None
) -> TempHubError:
    """The probe says no. what: as in 'it refused to update itself'."""
    said = said_text(answer or {}, "problem") or said_text(answer or {}, "error") or f"HTTP status {code}"
    return BadGateway(
        f"The probe {probe_id} at {at(ip, port)} refused {what}: {said.rstrip('.')}.",
        said_text(answer or {}, "remedy")
        or "Restart the probe, or update its firmware with `temphub flash`.",
        code="probe_refused",
    )


def claimed(probe_id: str, ip: str, port: int) -> TempHubError:
    """The probe holds a token that is not ours."""
    return ProbeClaimed(
        f"The probe {probe_id} at {at(ip, port)} belongs to another hub: it holds a token that is not this "
        "hub's SERVER_TOKEN.",
        "Set SERVER_TOKEN to the other hub's token, or reset the probe's settings and let this hub find it "
        "again.",
    )


def at(ip: str, port: int) -> str:
    """An address as people write it."""
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def unreachable(probe_id: str, ip: str, port: int, reason: str) -> TempHubError:
    """No answer, or none in time."""
    return BadGateway(
        f"The probe {probe_id} at {at(ip, port)} cannot be reached ({reason})",
        "Check that the probe has power and is in the same network as this computer; the hub tries again by "
        "itself.",
        so="it was not told where to deliver",
        code="probe_unreachable",
    )


def no_probe(probe_id: str, ip: str, port: int, what: str) -> TempHubError:
    """Something else answers."""
    return BadGateway(
        f"The device at {at(ip, port)} answers {what}",
        "Check the address and the port, or restart the probe.",
        so=f"it does not seem to be the probe {probe_id}",
        code="not_a_probe",
    )


def not_local(probe_id: str, ip: str) -> TempHubError:
    """An address no probe of this network can have."""
    return BadRequest(
        f"The probe {probe_id} is said to be at {ip}, outside this computer's own networks",
        "Connect the probe to the same network as this computer.",
        so="the hub does not talk to it",
        code="address_not_local",
    )


def another_answers(met: Sighting, other: str) -> TempHubError:
    """The address belongs to another probe now."""
    return BadGateway(
        f"At {met.ip}:{met.port} the probe {other} answers instead of {met.probe_id}, so {met.probe_id} was "
        "not told where to deliver.",
        f"Restart {met.probe_id}; it is found again at its new address.",
        code="other_probe",
    )


def contested(met: Sighting, url: str) -> TempHubError:
    """Two hubs want a probe that has no key."""
    return Conflict(
        f"Another hub ({url}) keeps taking the probe {met.probe_id}, so its readings go there.",
        "Stop one of the two hubs, or set SERVER_TOKEN so that only this one may set the probe.",
        code="probe_contested",
    )


def keeps_another(met: Sighting, url: str) -> TempHubError:
    """It says yes and does otherwise."""
    return BadGateway(
        f"The probe {met.probe_id} at {met.ip}:{met.port} was told where to deliver but keeps {url}.",
        "Restart the probe, or update its firmware with `temphub flash`.",
        code="probe_refused",
    )


def foreign(met: Sighting) -> TempHubError:
    """It holds a key that is not ours."""
    return ProbeClaimed(
        f"The probe {met.probe_id} at {at(met.ip, met.port)} holds a key of another hub, so this one cannot "
        "tell it where to deliver.",
        "Release it there, or hold the probe's button for 5 s; then this hub takes it.",
    )


def elsewhere(met: Sighting, url: str) -> TempHubError:
    """Another hub records it well."""
    return ProbeHeld(
        f"The probe {met.probe_id} at {at(met.ip, met.port)} belongs to another hub: it delivers to {url}, "
        "which answers, so it is left there.",
        "To have it deliver here, press Trust beside it on the hub's page, or run `temphub trust "
        f"{met.probe_id}`.",
        code="probe_elsewhere",
    )


def twin(met: Sighting, url: str) -> TempHubError:
    """A hub with the same keys records it well."""
    return ProbeHeld(
        f"The probe {met.probe_id} at {at(met.ip, met.port)} delivers to {url}, a hub with the same keys as "
        "this one, so it is left there.",
        TWIN_REMEDY,
        code="probe_elsewhere",
    )


def forgot(met: Sighting) -> TempHubError:
    """It had a key of ours, and says that it has none."""
    return ProbeWaits(
        f"The probe {met.probe_id} at {at(met.ip, met.port)} has lost the key that this hub gave it, or "
        "another device uses its name.",
        f"If you reset it, press Trust beside it on the hub's page, or run `temphub trust {met.probe_id}`.",
        code="probe_forgot",
    )


def waiting(met: Sighting) -> TempHubError:
    """PROBE_TRUST=approve, and nobody said yes."""
    return ProbeWaits(
        f"The probe {met.probe_id} at {at(met.ip, met.port)} waits until somebody trusts it "
        "(PROBE_TRUST=approve).",
        f"If it is yours, press Trust beside it on the hub's page, or run `temphub trust {met.probe_id}`.",
        code="probe_waits",
    )


def released(met: Sighting) -> TempHubError:
    """A person gave it up."""
    return Conflict(
        f"The probe {met.probe_id} at {at(met.ip, met.port)} was released from this hub.",
        f"To take it again, press Trust beside it on the hub's page, or run `temphub trust {met.probe_id}`.",
        code="probe_released",
    )


def wants_token(met: Sighting) -> TempHubError:
    """A probe without keys that takes orders only with a token, and nobody vouched for it."""
    return ProbeWantsToken(
        f"The probe {met.probe_id} at {at(met.ip, met.port)} wants a token, and SERVER_TOKEN is not sent to "
        "a device that proves nothing.",
        f"Press Trust beside it if it is yours (`temphub trust {met.probe_id}`), or update its firmware over "
        "USB (`temphub flash`).",
    )


def no_agreement(met: Sighting) -> TempHubError:
    """What it answered to a claim is no proof."""
    return BadGateway(
        f"The probe {met.probe_id} at {at(met.ip, met.port)} did not prove the key that was agreed on, so it "
        "was not claimed.",
        "Restart the probe; if that does not help, flash its firmware again (`temphub flash`).",
        code="no_agreement",
    )


def this_hub(met: Sighting) -> TempHubError:
    """The address is our own."""
    return BadRequest(
        f"{met.ip}:{met.port} is this hub itself, not the probe {met.probe_id}.",
        "Give the probe's own address and port.",
        code="not_a_probe",
    )


def no_update(met: Sighting) -> TempHubError:
    """Firmware that cannot fetch another."""
    return Conflict(
        f"The firmware of the probe {met.probe_id} is too old to update itself.",
        "Connect the board over USB and run `temphub flash`.",
        code="no_update",
    )


def no_identify(met: Sighting) -> TempHubError:
    """Firmware that has no light to blink."""
    return Conflict(
        f"The probe {met.probe_id} has no light to blink with.",
        "Tell it apart by its id, or update its firmware.",
        code="no_identify",
    )


def not_here(board: str) -> TempHubError:
    """A probe with a key of ours that should forget it, and cannot be told."""
    return NotFound(
        f"The probe {board} is not here, so it cannot be told that it is released, and keeps its key.",
        "Switch it on and try again, or hold its button for 5 s: then it forgets its key by itself.",
        code="unknown_probe",
    )
