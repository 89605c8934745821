"""The firewalls of Linux and macOS, as far as an ordinary user may look. Any thread."""

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from ..core import MACOS, ask_system, run_system

UFW = Path("/etc/ufw/ufw.conf")
MAC_TOOL = "/usr/libexec/ApplicationFirewall/socketfilterfw"


class Seen(NamedTuple):
    """closed: True, False, or None when the system does not tell; said: what was seen; remedy: how to open
    it."""

    closed: bool | None
    said: str
    remedy: str = ""


def firewall_of_posix(port: int) -> Seen:
    """What a firewall that is switched on means for the hub."""
    if MACOS:
        return mac(ask_system(MAC_TOOL, "--getglobalstate"))
    if "yes" in _ufw():
        remedy = f"If probes do not get through: sudo ufw allow {port}/tcp && sudo ufw allow 5353/udp"
        return Seen(
            None, "The firewall ufw is switched on; its rules are readable by the administrator only.", remedy
        )
    if shutil.which("firewall-cmd") and (ask_system("firewall-cmd", "--state") or "").strip() == "running":
        return firewalld(port)
    rules = ask_system("nft", "-j", "list", "ruleset") if shutil.which("nft") else None
    return nftables(rules, port)


def mac(state: str | None) -> Seen:
    """The application firewall of macOS."""
    if state is None or "State = 0" in state:
        return Seen(
            False if state else None,
            "The firewall of macOS is switched off." if state else "macOS does not tell about its firewall.",
        )
    remedy = (
        "If probes do not get through: System Settings, Network, Firewall, Options: allow incoming "
        "connections for Python."
    )
    return Seen(None, "The firewall of macOS is switched on.", remedy)


def firewalld(port: int) -> Seen:
    """firewalld answers each question by its exit code."""
    missing = [
        what
        for what in (f"{port}/tcp", "5353/udp")
        if run_system("firewall-cmd", f"--query-port={what}", timeout_s=5)[0] != 0
    ]
    if missing == ["5353/udp"] and run_system("firewall-cmd", "--query-service=mdns", timeout_s=5)[0] == 0:
        missing = []
    if not missing:
        return Seen(False, f"firewalld lets port {port} (TCP) and 5353 (UDP) through.")
    opened = " ".join(f"--add-port={what}" for what in missing)
    remedy = f"Run: sudo firewall-cmd --permanent {opened} && sudo firewall-cmd --reload"
    return Seen(
        True,
        f"firewalld does not let {' and '.join(missing)} through, so probes cannot be found or cannot "
        "deliver.",
        remedy,
    )


def nftables(text: str | None, port: int) -> Seen:
    """The kernel's own rules, which only the administrator may read: does any chain for what comes in drop by
    default?"""
    if text is None:
        return Seen(None, "No firewall that this user may look at was found.")
    try:
        parts = json.loads(text)["nftables"]
    except (ValueError, KeyError, TypeError):
        return Seen(None, "The firewall's rules could not be read.")
    dropping = [chain for part in parts if (chain := _dropping(part))]
    if not dropping or f'"right": {port}' in text or f'"right":{port}' in text:
        return Seen(False, f"The kernel's firewall lets port {port} through.")
    remedy = f"Allow TCP port {port} and UDP port 5353 for what comes in."
    return Seen(
        None,
        f"The kernel's firewall drops by default (chain {dropping[0]}), and no rule names port {port}.",
        remedy,
    )


def _dropping(part: dict[str, Any]) -> str:
    chain = part.get("chain", {})
    return (
        f"{chain.get('table')} {chain.get('name')}"
        if chain.get("hook") == "input" and chain.get("policy") == "drop"
        else ""
    )


def _ufw() -> str:
    try:
        lines = UFW.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition("=")[2].strip().lower() for line in lines if line.startswith("ENABLED=")), "")
