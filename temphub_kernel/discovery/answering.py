"""Zeroconf that tells each network only the addresses that are valid there (RFC 6762, section 14). Zeroconf's own thread sends.

zeroconf sends one answer, with every address of a service, out of every interface: a phone in the house is then given a
container's address first, and a probe that tries one only never finds its hub.
"""

from typing import Any

from zeroconf import DNSAddress, DNSOutgoing, Zeroconf  # type: ignore[attr-defined]

from .addresses import Adapter, adapters

MDNS_PORT = 5353
LOOPBACK = "127."


class Answering(Zeroconf):
    """As Zeroconf. The adapters are those of the moment it was made: whoever makes it makes a new one when they change."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._adapters = adapters()
        super().__init__(*arguments, **named)

    def async_send(
        self,
        out: DNSOutgoing,
        addr: str | None = None,
        port: int = MDNS_PORT,
        v6_flow_scope: tuple[()] | tuple[int, int] = (),
        transport: Any = None,
    ) -> None:
        """Send an answer once for each interface, each with its own addresses; questions go out as they are."""
        if out.is_query() or not any(isinstance(one, DNSAddress) for one in _records(out)):
            super().async_send(out, addr, port, v6_flow_scope, transport)
            return
        for one in [transport] if transport else list(self.engine.senders):
            own = one.sock_name[0]
            fitting = for_network(out, own, addr, self._adapters)
            if fitting is not None:
                super().async_send(fitting, addr, port, v6_flow_scope, one)


def for_network(out: DNSOutgoing, own: str, asker: str | None, found: list[Adapter]) -> DNSOutgoing | None:
    """The answer as it may leave by the socket bound to `own` (0.0.0.0: any), for `asker`; None when no address is valid there."""
    adapter = next((one for one in found if one.has(own)), None)
    if adapter is None and asker:
        adapter = next((one for one in found if one.reaches(asker)), None)
    addresses = [one for one in _records(out) if isinstance(one, DNSAddress)]
    if adapter is not None:
        valid = {one for one in addresses if adapter.has(_text(one))}
        if any(one.ip.is_loopback for one in adapter.interfaces):
            # On this computer itself each of its addresses is reached.
            valid = valid or set(addresses)
    else:
        # An asker behind a router may reach any of them; without one the interface is gone.
        valid = {one for one in addresses if not _text(one).startswith(LOOPBACK)} if asker else set()
    if not valid:
        return None
    wrong = set(addresses) - valid
    fitting = DNSOutgoing(out.flags, out.multicast, out.id)
    fitting.questions = list(out.questions)
    fitting.answers = [(record, when) for record, when in out.answers if record not in wrong]
    fitting.authorities = list(out.authorities)
    fitting.additionals = [record for record in out.additionals if record not in wrong]
    return fitting


def _records(out: DNSOutgoing) -> list[Any]:
    return [record for record, _ in out.answers] + list(out.additionals)


def _text(record: DNSAddress) -> str:
    return ".".join(map(str, record.address))
