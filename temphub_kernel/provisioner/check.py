"""One look at one probe: ask what is in force, compare with what should be, tell it when they differ. Any thread."""

from typing import NamedTuple

from ..base import clock
from ..base.errors import TempHubError
from ..base.reading import board_of
from ..base.sighting import Sighting
from .elsewhere import leave_alone
from .refusals import another_answers, contested, keeps_another
from .route import INGEST, address_towards, base_url_for
from .standing import Ground, obeyed, prove
from .talk import Status

# Without a /status that says so, nobody knows whether the probe still delivers here: it is told again now and then.
RETELL_S = 300.0
# So often another hub may take the probe before this one stops the tug-of-war.
TAKEN_MOST = 3


class ProbeCheck(NamedTuple):
    """How a check ended. provisioned_url, interval_ms: in force on the probe, empty and 0 when not known; changed: it was told anew;
    elsewhere: another hub records it."""

    probe_id: str
    ip: str
    port: int
    ok: bool
    provisioned_url: str
    interval_ms: int
    problem: str
    remedy: str
    version: str
    model: str
    changed: bool
    checked_ms: int
    elsewhere: bool = False


class Wanted(NamedTuple):
    """What should be in force, and for which start of which probe. token: None when nothing is said of it; key: the probe's own."""

    ip: str
    port: int
    boot: str
    url: str
    interval_ms: int
    token: str | None
    key: bytes


class Given(NamedTuple):
    """What this process told a probe last. interval_ms: what it agreed to; taken: times in a row another hub changed it since."""

    wanted: Wanted
    interval_ms: int
    at_s: float
    taken: int = 0


class Order(NamedTuple):
    """A check to make. force: tell the probe in any case; take: also when another hub records it."""

    sighting: Sighting
    interval_ms: int
    given: Given | None = None
    force: bool = False
    take: bool = False


def examine(ground: Ground, order: Order) -> tuple[ProbeCheck, Given]:
    """Check one probe and put it right; at most 6 s. Raises TempHubError when it cannot be done."""
    met = order.sighting
    _refuse_ourselves(met, ground.hub_port)
    limit = ground.talk.limit()
    status = ground.talk.status(met.probe_id, met.ip, met.port, limit)
    said = status or Status()
    if said.probe_id and said.probe_id != met.probe_id:
        raise another_answers(met, said.probe_id)
    if said.sent_ms is not None and said.boot and not ground.trust.claimed(board_of(met.probe_id)):
        # Before it is told where to deliver. Of a probe with a key only signed words count, and this is none.
        ground.heard(met.probe_id, said.boot, said.sent_ms, said.heard_s)
    if not order.take:
        leave_alone(ground, met, said)
    base = base_url_for(ground.settings, met.ip, ground.hub_port)
    url = base if said.takes_base else base + INGEST
    shown = prove(ground, met, said, limit)
    wanted = Wanted(met.ip, met.port, said.boot or met.boot, url, order.interval_ms, shown.token, shown.key)
    given = order.given
    if given is not None and not order.force and given.wanted == wanted and not _differs(said, given):
        return _result(met, said, url, given.interval_ms, changed=False), given._replace(taken=0)
    taken = _times_taken(said, given, wanted)
    if taken > TAKEN_MOST and not order.force and given is not None and clock.monotonic_s() - given.at_s < RETELL_S:
        raise contested(met, said.server_url or "")
    try:
        answer = ground.talk.provision(met, url, order.interval_ms, shown, limit)
    except TempHubError as error:
        if error.code == "probe_wants_token" and _in_force(said, wanted) and not order.force:
            # Somebody gave it the shared token by hand: it takes no order of ours, and needs none.
            return _result(met, said, url, wanted.interval_ms, changed=False), Given(wanted, wanted.interval_ms, clock.monotonic_s())
        raise
    obeyed(ground, met, shown)
    if answer.server_url is not None and answer.server_url != url:
        raise keeps_another(met, answer.server_url)
    # A probe may have bounds of its own; asking for the same again would only wear out its flash.
    interval_ms = answer.interval_ms or order.interval_ms
    return _result(met, said, url, interval_ms, changed=True), Given(wanted, interval_ms, clock.monotonic_s(), taken)


def failed(met: Sighting, error: TempHubError) -> ProbeCheck:
    """The result of a check that could not be done."""
    words = error.problem, error.remedy
    return ProbeCheck(
        met.probe_id, met.ip, met.port, False, "", 0, *words, met.version, met.model, False, clock.now_ms(), error.code == "probe_elsewhere"
    )


def _differs(said: Status, given: Given) -> bool:
    if said.server_url is None:
        return said.needs_provision or clock.monotonic_s() - given.at_s >= RETELL_S
    return (
        said.needs_provision
        or said.server_url != given.wanted.url
        or said.interval_ms not in (None, given.interval_ms)
        or (given.wanted.token is not None and said.token_set not in (None, bool(given.wanted.token)))
    )


def _in_force(said: Status, wanted: Wanted) -> bool:
    """It delivers as it should already."""
    agrees = said.server_url == wanted.url and said.interval_ms in (None, wanted.interval_ms)
    return agrees and not said.needs_provision and said.token_set is True


def _times_taken(said: Status, given: Given | None, wanted: Wanted) -> int:
    if given is None or given.wanted != wanted or not said.server_url or said.server_url == wanted.url:
        return 0
    return given.taken + 1


def _result(met: Sighting, said: Status, url: str, interval_ms: int, *, changed: bool) -> ProbeCheck:
    version, model = said.version or met.version, said.model or met.model
    return ProbeCheck(met.probe_id, met.ip, met.port, True, url, interval_ms, "", "", version, model, changed, clock.now_ms())


def _refuse_ourselves(met: Sighting, hub_port: int) -> None:
    if met.port == hub_port and address_towards(met.ip) == met.ip:
        raise TempHubError(
            f"{met.ip}:{met.port} is this hub itself, not the probe {met.probe_id}.",
            "Give the probe's own address and port.",
            code="not_a_probe",
        )
