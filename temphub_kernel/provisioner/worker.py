"""Keeps every known probe delivering to this hub.

Public methods may be called from any thread; `on_result` is called in the worker's own.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue

from ..core import Once, Settings, Sighting, Worker, board_of, clock
from ..trust import Trust
from . import errors, pool, probe_client, schedule
from .conversation import Context, Conversation, check
from .orders import Given, ProbeCheck

log = logging.getLogger(__name__)

# A probe serves one request at a time; a check under way is over by then.
WAIT_FOR_TURN_S = 8.0


class Provisioner(Worker):
    """Checks each known probe now and then, tells it where to deliver when that differs; a dead one delays no
    other."""

    def __init__(
        self,
        settings: Settings,
        trust: Trust,
        on_result: Callable[[ProbeCheck], None],
        *,
        check_every_s: float = 15.0,
        talk: probe_client.Talk | None = None,
        hub_port: int | None = None,
        intervals: Mapping[str, int] | None = None,
        heard: Callable[[str, str, int, float], None] = lambda _id, _boot, _count, _at_s: None,
        told: Callable[[str, str, float], None] = lambda _id, _what, _value: None,
    ) -> None:
        """hub_port: the port told to probes, when it is not the setting's. intervals: intervals set earlier,
        by probe id.

        heard, told: see Context.
        """
        super().__init__("provisioner")
        self._on_result = on_result
        self._talk = talk or probe_client.Talk()
        self._talk.stopped = self.stopping.is_set
        port = settings.port if hub_port is None else hub_port
        self._context = Context(self._talk, settings, port, trust, heard, told)
        self._register = schedule.Register(intervals or {}, settings.default_interval_ms, check_every_s)
        self._bell = threading.Event()
        self._ended: SimpleQueue[tuple[schedule.Known, Sighting, ProbeCheck | None, Given | None]]
        self._ended = SimpleQueue()
        self._once = Once(log)

    def meet(self, sighting: Sighting) -> None:
        """A probe was seen: a new one, or one with another address or boot, is checked at once. Returns at
        once."""
        if not self._register.meet(sighting):
            problem = (
                f"More than {schedule.MOST} probes are known, so {sighting.probe_id} is not told where "
                "to deliver."
            )
            remedy = "Check which device announces so many probes, and take it off the network."
            self._once.warn("full", f"{problem} {remedy}")
            self.trouble(problem, remedy)
        self._bell.set()

    def forget(self, probe_id: str) -> None:
        """The probe is gone: no more checks. An interval set for it is kept for its return."""
        if self._register.forget(probe_id):
            self._once.clear("full")
            self.well()

    def wake(self, probe_id: str | None = None) -> None:
        """Check one probe, or all, now: the network changed, or a probe stopped delivering. Returns at
        once."""
        self._register.wake(probe_id)
        self._bell.set()

    def stop(self, timeout_s: float = 4.0) -> bool:
        """As every worker; exchanges under way are given up."""
        self.stopping.set()
        self._bell.set()
        stopped: bool = super().stop(timeout_s)
        return stopped

    def provision_now(
        self, host: str, port: int = 80, interval_ms: int | None = None, *, take: bool = True
    ) -> ProbeCheck:
        """Tell one probe now. host: a known probe's id or name, a numeric address, or a name. Waits up to
        some 15 s.

        interval_ms: kept for this probe from now on; take: also from another hub that records it.
        Raises TempHubError: `bad_interval` (400), `unknown_probe` (404), `probe_unreachable` (502),
        `probe_claimed` (409) and what else a probe may answer.
        """
        errors.check_interval(interval_ms)
        known = self._register.named(host, port)
        if known is None:
            # A device that is not known yet is asked who it is.
            known = self._register.introduced(probe_client.introduced(self._talk, host, port))
        probe_id = known.sighting.probe_id
        with known.turn(WAIT_FOR_TURN_S):
            met = known.sighting
            order = self._register.order(known, interval_ms, force=True, take=take)
            result, given = Conversation(self._context, met).settle(order)
            self._register.told(known, probe_id, given, interval_ms)
        self._ended.put((known, met, result, None))
        self._bell.set()
        return result

    def provision_several(
        self, host: str | None, port: int | None, interval_ms: int | None = None
    ) -> list[ProbeCheck]:
        """Tell the probes that are meant, now: all known ones without a host, with a port only those that
        listen on it.

        How it went with each. A host that means one probe, known or not, is told as by `provision_now`, and
        raises what that raises.
        """
        errors.check_interval(interval_ms)
        meant = [
            met for met in self._register.sightings() if host in (None, met.ip) and port in (None, met.port)
        ]
        if host is not None and len(meant) < 2:
            return [self.provision_now(meant[0].probe_id if meant else host, port or 80, interval_ms)]
        # Who asks for all of them means those that are here, not the ones that another hub records.
        return pool.tell_each(
            meant,
            lambda probe_id: self.provision_now(probe_id, interval_ms=interval_ms, take=host is not None),
        )

    def update_now(self, probe_id: str, sha256: Callable[[bool], str]) -> str:
        """Have a known probe fetch this hub's firmware, with that checksum (for a board?); the version it
        had. Raises TempHubError."""
        known = self._known(probe_id)
        with known.turn(WAIT_FOR_TURN_S):
            return Conversation(self._context, known.sighting).update(sha256)

    def identify_now(self, probe_id: str) -> None:
        """Have a known probe blink. Raises TempHubError."""
        known = self._known(probe_id)
        with known.turn(WAIT_FOR_TURN_S):
            Conversation(self._context, known.sighting).identify()

    def release_now(self, probe_id: str) -> None:
        """Let a probe go, so that another hub can claim it: one with our key is told to forget it.

        Raises TempHubError; then nothing has changed.
        """
        board, trust = board_of(probe_id), self._context.trust
        if trust.key(board):
            known = self._register.named(probe_id, 0)
            if known is None:
                raise errors.not_here(board)
            with known.turn(WAIT_FOR_TURN_S):
                Conversation(self._context, known.sighting).release()
        trust.release(board)

    def _known(self, probe_id: str) -> schedule.Known:
        known = self._register.named(probe_id, 0)
        if known is None:
            raise errors.unknown(probe_id, "is not the id of a known probe")
        return known

    def run(self) -> None:
        """Hand out checks that are due, take their results."""
        self.well()
        crew = pool.Crew(schedule.WORKERS, "temphub-provisioner")
        self._register.nobody_is_busy()
        try:
            while not self.stopping.is_set():
                self._bell.clear()
                self._take_results()
                self._bell.wait(self._hand_out(crew))
        finally:
            crew.close(3.0)

    def _hand_out(self, crew: pool.Crew) -> float:
        """Start what is due; seconds until something else is."""
        chosen, next_due, under_way = self._register.turns()
        for known in chosen:
            crew.submit(lambda known=known: self._check(known), under_way)  # type: ignore[misc]
        return max(0.0, next_due - clock.monotonic_s())

    def _check(self, known: schedule.Known) -> None:
        """One check, in a crew thread; whatever happens, a result is handed back."""
        met = known.sighting
        order = self._register.order(known)
        result: ProbeCheck | None = None
        given: Given | None = None
        if known.talking.acquire(blocking=False):
            try:
                result, given = check(self._context, met, order)
            finally:
                known.talking.release()
        self._ended.put((known, met, result, given))
        self._bell.set()

    def _take_results(self) -> None:
        while not self.stopping.is_set():
            try:
                known, met, result, given = self._ended.get_nowait()
            except Empty:
                return
            if self._register.ended(known, met, result, given) and result is not None:
                self._say(result)
                self._on_result(result)

    def _say(self, result: ProbeCheck) -> None:
        if not result.ok:
            self._once.warn(result.probe_id, f"{result.problem} {result.remedy}")
            return
        self._once.clear(result.probe_id, f"the probe {result.probe_id} is well again")
        if result.changed:
            log.debug(
                "the probe %s at %s:%d delivers to %s",
                result.probe_id,
                result.ip,
                result.port,
                result.provisioned_url,
            )
