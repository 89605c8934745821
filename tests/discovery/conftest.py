"""What the discovery tests share: settings, a listener with deadlines, adverts on loopback."""

import asyncio
import threading
import uuid
from collections.abc import Callable, Iterator

import pytest
from zeroconf import DNSOutgoing, IPVersion, ServiceInfo, Zeroconf

from support.waiting import PATIENCE_S, patient
from temphub_kernel.core.reading import Sighting
from temphub_kernel.core.settings import Settings
from temphub_kernel.discovery import Discovery

PROBE_TYPE = "_temps-probe._tcp.local."


@pytest.fixture
def settings(tmp_path) -> Settings:
    """The defaults."""
    return Settings.from_environ({"DATA_DIR": str(tmp_path)})


@pytest.fixture
def unique() -> str:
    """A probe id of this test alone: other programs may speak mDNS on loopback too."""
    return f"TempProbe-{uuid.uuid4().hex[:8]}"


class Heard:
    """Collects what discovery says; waits with a deadline. Only ids that contain `about` are kept."""

    def __init__(self, about: str) -> None:
        self.about = about
        self.sightings: list[Sighting] = []
        self.gone: list[str] = []
        self.networks: list[list[str]] = []
        self._news = threading.Condition()

    def sighting(self, sighting: Sighting) -> None:
        if self.about in sighting.probe_id:
            self._add(self.sightings, sighting)

    def went(self, probe_id: str) -> None:
        if self.about in probe_id:
            self._add(self.gone, probe_id)

    def network(self, addresses: list[str]) -> None:
        self._add(self.networks, addresses)

    def _add(self, to: list, what: object) -> None:
        with self._news:
            to.append(what)
            self._news.notify_all()

    def wait(self, ready: Callable[[], bool], timeout_s: float = 8.0) -> None:
        with self._news:
            assert self._news.wait_for(ready, patient(timeout_s)), (self.sightings, self.gone, self.networks)

    def last(self) -> Sighting:
        return self.sightings[-1]


@pytest.fixture
def heard(unique) -> Heard:
    """What discovery says of this test's probes."""
    return Heard(unique)


@pytest.fixture
def start(settings, heard) -> Iterator[Callable[..., Discovery]]:
    """Starts a discovery on loopback; stopped at the end."""
    running: list[Discovery] = []

    def make(**more) -> Discovery:
        options = {
            "hub_port": 18088,
            "addresses": lambda: ["127.0.0.1"],
            "poll_s": 0.3,
            "hub_host": f"hub-{uuid.uuid4().hex[:8]}",
        } | more
        one = Discovery(settings, heard.sighting, heard.went, on_network=heard.network, **options)
        running.append(one)
        one.start()
        heard.wait(lambda: heard.networks)
        return one

    yield make
    for one in running:
        assert one.stop()


@pytest.fixture
def air() -> Iterator[Zeroconf]:
    """Another device's mDNS, on loopback."""
    zeroconf = Zeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
    yield zeroconf
    zeroconf.close()


def _advert(
    instance: str, *, port: int = 8123, ips: tuple[str, ...] = ("127.0.0.1",), ttl: int = 120, **texts: str
) -> ServiceInfo:
    return ServiceInfo(
        PROBE_TYPE,
        f"{instance}.{PROBE_TYPE}",
        port=port,
        properties=texts,
        server=f"{instance}.local.",
        parsed_addresses=list(ips),
        host_ttl=ttl,
    )


def _shout(air: Zeroconf, info: ServiceInfo) -> None:
    """Announce once and then never answer: a device that is switched off afterwards."""
    out = DNSOutgoing(0x8400)
    for record in (info.dns_pointer(), info.dns_service(), info.dns_text(), *info.dns_addresses()):
        out.add_answer_at_time(record, 0)
    air.send(out)


@pytest.fixture
def put_up(air) -> Callable[[ServiceInfo], None]:
    """Announces and answers from now on, without the second that asking for conflicts first takes."""

    def register(info: ServiceInfo) -> None:
        asyncio.run_coroutine_threadsafe(
            air.async_register_service(info, cooperating_responders=True), air.loop
        ).result(PATIENCE_S)

    return register


@pytest.fixture
def advert() -> Callable[..., ServiceInfo]:
    """Makes a probe's advert."""
    return _advert


@pytest.fixture
def shout() -> Callable[[Zeroconf, ServiceInfo], None]:
    """Announces once and then never answers."""
    return _shout
