"""What is wanted of a probe, what it was told, and how a conversation with it stands and ends. Plain data,
any thread."""

from enum import Enum
from typing import NamedTuple

from ..core import Sighting, TempHubError, clock
from . import errors, probe_client

# Without a /status that says so, nobody knows whether the probe still delivers here: it is told again now and
# then.
RETELL_S = 300.0


class State(Enum):
    """Where a conversation stands. One that fails stays in the state in which it failed."""

    WAITING = "Somebody else talks to the probe, and has not finished."
    ASKING = "The probe is asked for its /status: who it is, where it delivers, whose key it holds."
    DECIDING = "What it said is compared with what should be in force, and with what this hub may order it."
    CLAIMING = "It has no key yet, so one is agreed on with it."
    SENDING = "The order is on its way: signed with the probe's key, or with the token made for its name."
    VOUCHING = "It refused that token and a person vouched for it, so the order goes again with SERVER_TOKEN."
    VERIFYING = "What it answered is compared with what it was told."
    UNCHANGED = "It delivers here as it should, so it was told nothing."
    OBEYED = "It carried out the order."
    ELSEWHERE = "Another hub records it well, so it was told nothing."
    TWIN = "Another hub with the same keys records it well, so it was told nothing."
    NO_SUCH_ORDER = "Its firmware does not know this order."


class ProbeCheck(NamedTuple):
    """How a check ended. provisioned_url, interval_ms: in force on the probe, empty and 0 when not known;
    held: it is another hub's; waits: for a person's yes."""

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
    state: State
    held: bool = False
    waits: bool = False

    @property
    def changed(self) -> bool:
        """It was told anew."""
        return self.state is State.OBEYED

    @property
    def elsewhere(self) -> bool:
        """Another hub records it."""
        return self.state is State.ELSEWHERE

    @property
    def twin(self) -> bool:
        """Another hub with the same keys records it."""
        return self.state is State.TWIN


class Wanted(NamedTuple):
    """What should be in force, and for which start of which probe. token: None when nothing is said of it;
    key: the probe's own."""

    ip: str
    port: int
    boot: str
    url: str
    interval_ms: int
    token: str | None
    key: bytes

    def is_in_force(self, said: probe_client.Status) -> bool:
        """Whether a probe that says this delivers as it should already."""
        agrees = said.server_url == self.url and said.interval_ms in (None, self.interval_ms)
        return agrees and not said.needs_provision and said.token_set is True

    def times_taken(self, said: probe_client.Status, given: "Given | None") -> int:
        """How often in a row another hub took the probe, which was told this already; given: what it was told
        last."""
        if given is None or given.wanted != self or not said.server_url or said.server_url == self.url:
            return 0
        return given.taken + 1


class Given(NamedTuple):
    """What this process told a probe last. interval_ms: what it agreed to; taken: times in a row another hub
    changed it since."""

    wanted: Wanted
    interval_ms: int
    at_s: float
    taken: int = 0

    def differs(self, said: probe_client.Status) -> bool:
        """Whether a probe that says this has something else in force, or may have."""
        if said.server_url is None:
            return said.needs_provision or clock.monotonic_s() - self.at_s >= RETELL_S
        return (
            said.needs_provision
            or said.server_url != self.wanted.url
            or said.interval_ms not in (None, self.interval_ms)
            or (self.wanted.token is not None and said.token_set not in (None, bool(self.wanted.token)))
        )


class Order(NamedTuple):
    """How a probe should deliver here. force: tell it in any case; take: also when another hub records it."""

    interval_ms: int
    given: Given | None = None
    force: bool = False
    take: bool = False


class Proof(NamedTuple):
    """What an order shows a probe. key, nonce: of a claimed one; token: for others, told and shown; None to
    say nothing of it.

    vouched: the shared secret, shown to a probe that a person vouched for when it takes no order with
    `token`.
    """

    token: str | None = None
    key: bytes = b""
    nonce: str = ""
    vouched: str = ""


def failed(met: Sighting, error: TempHubError, state: State) -> ProbeCheck:
    """The result of a check that could not be done, and where it stopped."""
    kind = isinstance(error, errors.ProbeHeld), isinstance(error, errors.ProbeWaits)
    words = error.problem, error.remedy
    return ProbeCheck(
        met.probe_id, met.ip, met.port, False, "", 0, *words, met.version, met.model, state, *kind
    )
