"""Single fields of a JSON body, checked. Each raises TempHubError (400) naming the field and the value met. Any thread."""

import ipaddress
import re
from typing import Any

from .validate import bad, checked_id, short, whole

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:-]{0,252}[A-Za-z0-9])?")
MAX_TEXT = 64


def probe_field(data: dict[str, Any], name: str = "probe_id") -> str:
    """A probe that a person means: the hub has it in its list."""
    return checked_id(name, data.get(name), "names no probe", "Send the id of a probe in /api/probes.")


def host_field(data: dict[str, Any]) -> str | None:
    """`host`: an address, a host name, or the id of a known probe; None when nothing is named."""
    value = data.get("host")
    if value is None:
        return None
    if not isinstance(value, str) or not HOST.fullmatch(value):
        raise bad(
            "bad_host",
            f"host is {short(value)}, not an address or name.",
            "Send the probe's IP address, its name or its id as host, or leave it out for all.",
        )
    return value


def address_field(data: dict[str, Any], *, default: str) -> str:
    """`ip`: a numeric address a probe can have; `default` when it is left out."""
    value = data.get("ip", default)
    try:
        if not isinstance(value, str):
            raise ValueError
        address = ipaddress.ip_address(value)
    except ValueError:
        address = None
    if address is None or address.is_multicast or address.is_unspecified or address.is_reserved:
        raise bad("bad_ip", f"ip is {short(value)}, not an address of a probe.", "Send the probe's own IP address, or leave ip out.")
    return str(address)


def int_field(data: dict[str, Any], name: str, low: int, high: int, *, default: int = 0, required: bool = False) -> int:
    """A whole number in [low, high]."""
    if name not in data and not required:
        return default
    value = whole(data.get(name))
    if type(value) is not int or not low <= value <= high:
        raise bad(f"bad_{name}", f"{name} is {short(value)}.", f"Send {name} as a whole number from {low} to {high}.")
    return value


def text_field(data: dict[str, Any], name: str) -> str:
    """A short printable text; empty when left out."""
    value = data.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
        raise bad(f"bad_{name}", f"{name} is {short(value)}.", f"Send {name} as up to {MAX_TEXT} printable characters, or leave it out.")
    return value
