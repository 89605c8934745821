"""The network: the one port, firewall, interfaces, and whether multicast is really sent and heard."""

import errno
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import psutil

from ..core import IPV6_ONLY_REMEDY, Settings, finding, ipv6_only_as_noted
from ..discovery import TUNNELS, VIRTUAL, is_like, is_loopback, lan, usable
from ..discovery.multicast import Echo, echo
from ..firewall import PUBLIC, Policy, categories, firewall_of_posix, policy, profiles, verdicts
from .context import Case

TAKEN = {errno.EADDRINUSE, 10048}
FORBIDDEN = {errno.EACCES, 10013}


def port(case: Case) -> Iterable[finding.Finding]:
    """Whether probes can deliver to the hub's port."""
    number = case.settings.port
    if case.running:
        yield finding.well("Port", f"Port {number} is this hub's own; it answers at {case.url}.")
    elif case.health:
        yield _other_hub(number, str(case.health.get("data_dir", "")))
    elif case.held:
        said = f"A hub runs on the data folder {case.settings.data_dir}, but nothing answers at {case.url}."
        yield finding.problem(
            "Port",
            said,
            "Wait a minute: a hub that hangs is replaced by itself. If this stays, end it and start it "
            "again.",
        )
    else:
        yield _try(case.settings.host, number)


def _other_hub(number: int, folder: str) -> finding.Finding:
    said = f"Port {number} is used by another hub, on the data folder {folder}, so this one cannot start."
    return finding.problem(
        "Port", said, "Use that hub, or set PORT and DATA_DIR in Start.bat to start another one."
    )


def _try(host: str, number: int) -> finding.Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, number), family=family).close()
    except OSError as error:
        return _refused(host, number, error)
    return finding.well("Port", f"Port {number} is free; the hub is not running.")


def _refused(host: str, number: int, error: OSError) -> finding.Finding:
    if error.errno in TAKEN:
        who = holder(number)
        by = f"another program ({who})" if who else "another program"
        said = f"Port {number} is used by {by}, so probes cannot deliver readings."
        return finding.problem(
            "Port", said, "Close the other program, or set PORT in Start.bat to a free port such as 8090."
        )
    if error.errno in FORBIDDEN:
        said = f"This computer does not allow port {number} to be used, so probes cannot deliver readings."
        return finding.problem("Port", said, "Set PORT in Start.bat to a free port above 1024 such as 8090.")
    said = f"The hub cannot listen on {host} port {number} ({error.strerror or error})."
    return finding.problem("Port", said, "Set HOST to 0.0.0.0 or to an address of this computer.")


def holder(number: int) -> str:
    """Who listens on a TCP port: `name, process 123`; empty when the system does not tell."""
    try:
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == number and one.pid:
                return f"{psutil.Process(one.pid).name()}, process {one.pid}"
    except (psutil.Error, OSError):
        pass
    return ""


def firewall(case: Case) -> Iterable[finding.Finding]:
    """Whether the firewall lets deliveries and mDNS in, and on Windows whether the network counts as
    public."""
    number = case.settings.port
    found = policy()
    if found is None:
        seen = firewall_of_posix(number)
        level = {True: finding.PROBLEM, False: finding.WELL, None: finding.UNKNOWN}[seen.closed]
        yield finding.Finding("Firewall", level, seen.said, seen.remedy)
        return
    networks = categories()
    yield from windows(number, found, networks)


def windows(number: int, found: Policy, networks: dict[str, str]) -> Iterable[finding.Finding]:
    """The same from what Windows said. networks: profile by interface, as `firewall.categories` gives it."""
    public = sorted(name for name, profile in networks.items() if profile == PUBLIC)
    if public and verdicts(number, found, [PUBLIC]):
        said = f"Windows treats the network {', '.join(public)} as public and lets nothing in there."
        remedy = "If it is your own: Settings, Network & internet, this network, Network profile: Private."
        yield finding.Finding(
            "Network profile",
            finding.PROBLEM if len(public) == len(networks) else finding.WARNING,
            said,
            remedy,
        )
    elif networks:
        yield finding.well("Network profile", "No connected network is closed because it counts as public.")
    closed = verdicts(number, found, profiles(networks))
    if not closed:
        yield finding.well("Firewall", f"The Windows firewall lets port {number} (TCP) and 5353 (UDP) in.")
        return
    blocking = sorted({rule.name for one in closed for rule in one.blocking})
    why = f"a rule forbids it: {', '.join(blocking)}" if blocking else "no rule allows it"
    said = f"The Windows firewall does not let probes in ({why}), so they cannot be found or cannot deliver."
    yield finding.problem(
        "Firewall",
        said,
        "Run `temphub firewall`; it explains, then asks Windows for the administrator's consent.",
    )


def interfaces(case: Case) -> Iterable[finding.Finding]:
    """Which addresses of this computer the hub uses, and what may be in the way: VPNs, no IPv4, a setting
    that fits nothing."""
    only = case.settings.interfaces
    addresses, names = usable(only), adapters()
    shown = ", ".join(f"{ip} ({names[ip]})" if ip in names else ip for ip in addresses)
    if only and not addresses:
        said = (
            f"The setting INTERFACES is {', '.join(only)}, but this computer has no such address now, so "
            "no probe is found."
        )
        yield finding.problem(
            "Interfaces", said, "Correct INTERFACES in Start.bat, or remove it to use all addresses."
        )
    elif not only and not lan():
        said = (
            "This computer has no IPv4 address in any network, so no probe can reach it; probes speak IPv4."
        )
        yield finding.problem(
            "Interfaces",
            said,
            "Connect it to the probes' network by cable or Wi-Fi; switch IPv4 on where only IPv6 is.",
        )
    else:
        yield finding.well("Interfaces", f"The hub uses {shown}.")
    if not only:
        yield from _in_the_way({ip: names.get(ip, "") for ip in addresses})


def _in_the_way(names: dict[str, str]) -> Iterable[finding.Finding]:
    tunnels = sorted(name for name in names.values() if is_like(name, TUNNELS))
    if tunnels:
        said = (
            f"A VPN is switched on ({', '.join(tunnels)}); some of them keep this computer from its own "
            "network."
        )
        yield finding.warning(
            "Interfaces", said, "If probes are not found, switch the VPN off or allow local networks in it."
        )
    virtual = sorted(f"{ip} ({name})" for ip, name in names.items() if is_like(name, VIRTUAL))
    if virtual:
        said = f"Some addresses belong to virtual machines or containers: {', '.join(virtual)}."
        yield finding.warning(
            "Interfaces",
            said,
            "If probes are not found, set INTERFACES to this computer's address in the probes' network.",
        )


def adapters() -> dict[str, str]:
    """The adapter's name of each of this computer's addresses."""
    return {one.address: name for name, found in psutil.net_if_addrs().items() for one in found}


def six_only(case: Case) -> Iterable[finding.Finding]:
    """Probes that the running hub hears, and that have no IPv4 address."""
    seen = case.health.get("seen") or {}
    for one in seen.get("six_only") or ():
        yield finding.problem(f"Probe {one.partition(' at ')[0]}", ipv6_only_as_noted(one), IPV6_ONLY_REMEDY)


def multicast(case: Case) -> Iterable[finding.Finding]:
    """A question is sent on every address of the hub, and must be heard by another socket."""
    addresses = usable(case.settings.interfaces)
    if not addresses:
        return
    with ThreadPoolExecutor(len(addresses)) as pool:
        for one in pool.map(echo, addresses):
            yield heard(one, running=case.running and announces_on(case.settings, one.address))


def announces_on(settings: Settings, address: str) -> bool:
    """Whether a hub with these settings announces itself on an address: a demo keeps to this computer."""
    return not settings.is_demo or is_loopback(address)


def heard(one: Echo, *, running: bool) -> finding.Finding:
    """One address in words."""
    name = f"Multicast on {one.address}"
    if one.error:
        said = (
            f"Multicast cannot be used on {one.address} ({one.error}), so no probe is found by itself there."
        )
        return finding.problem(
            name,
            said,
            "Close other mDNS programs, or allow Python in the firewall. Probes that call the hub still "
            "work.",
        )
    if not one.heard:
        said = (
            f"A multicast question sent on {one.address} was not heard on it, so no probe is found by "
            "itself there."
        )
        return finding.problem(
            name,
            said,
            "Allow UDP port 5353 for Python in the firewall; switch off 'AP isolation' in the router.",
        )
    others = f"{len(one.others)} other devices answered" if one.others else "no other device answered"
    hubs = f"; hubs: {', '.join(one.hubs)}" if one.hubs else ""
    if running and not one.hubs:
        remedy = (
            "Wait half a minute and try again; then see whether `discovery` has a problem in /api/health."
        )
        return finding.warning(
            name, f"Sent and heard, but the running hub's own advert was not; {others}.", remedy
        )
    return (
        finding.well(name, f"Sent and heard; {others}{hubs}.")
        if one.others or one.hubs
        else finding.unknown(name, f"Sent and heard here; {others}.")
    )
