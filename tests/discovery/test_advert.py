"""The hub's own advert, seen by another device on loopback."""

import uuid

from zeroconf import AddressResolverIPv4, IPVersion, ServiceInfo, Zeroconf

from support.waiting import wait_for

HUB_TYPE = "_temps-hub._tcp.local."


def announced(found, timeout_s: float = 8.0) -> tuple[str, str]:
    """(host name, instance) of the hub once it is announced."""
    wait_for(lambda: found.seen()["hub_name"], timeout_s)
    return found.seen()["hub_name"], found.seen()["hub_instance"]


def addresses_of(air: Zeroconf, name: str) -> list[str]:
    """What another device gets for a name."""
    resolver = AddressResolverIPv4(name + ".")
    resolver.request(air, 45_000)
    return resolver.parsed_addresses(IPVersion.V4Only)


def test_announced_and_goodbye(start, air):
    """Probes find the hub by its service and by its name; at the stop it says goodbye."""
    host = f"hub-{uuid.uuid4().hex[:8]}"
    found = start(hub_host=host, version="9.9", hub_id="h1")
    name, instance = announced(found)
    assert name == f"{host}.local" and instance.startswith("TempHub on ")
    info = air.get_service_info(HUB_TYPE, f"{instance}.{HUB_TYPE}", 45_000)
    assert info is not None and info.port == 18088 and info.server == f"{host}.local."
    assert info.properties == {b"version": b"9.9", b"path": b"/", b"id": b"h1"}
    assert addresses_of(air, name) == ["127.0.0.1"]
    assert found.stop()
    wait_for(lambda: air.get_service_info(HUB_TYPE, f"{instance}.{HUB_TYPE}", 100) is None, 4, 0.1)


def test_name_taken(start, air, caplog, put_up):
    """When another computer answers to the name already, this hub takes the next one and says so."""
    host = f"hub-{uuid.uuid4().hex[:8]}"
    put_up(
        ServiceInfo(
            HUB_TYPE,
            f"other {host}.{HUB_TYPE}",
            port=1,
            server=f"{host}.local.",
            parsed_addresses=["10.9.9.9"],
        )
    )
    name, _ = announced(start(hub_host=host))
    assert name == f"{host}-2.local"
    wait_for(lambda: any("10.9.9.9" in record.getMessage() for record in caplog.records))


def test_two_at_once(start, air, put_up):
    """Two hubs that took the name at the same moment part again: the one with the higher address gives it
    up."""
    host = f"hub-{uuid.uuid4().hex[:8]}"
    found = start(hub_host=host)
    assert announced(found)[0] == f"{host}.local"
    # The other hub did not ask first.
    put_up(
        ServiceInfo(
            HUB_TYPE,
            f"other {host}.{HUB_TYPE}",
            port=1,
            server=f"{host}.local.",
            parsed_addresses=["10.9.9.9"],
        )
    )
    wait_for(lambda: found.seen()["hub_name"] == f"{host}-2.local", 6)
