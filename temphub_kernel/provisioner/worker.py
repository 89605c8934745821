"""Keeps every known probe delivering to this hub.

Public methods may be called from any thread; `on_result` is called in the worker's own.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue

from ..core import MAX_INTERVAL_MS, MIN_INTERVAL_MS, Once, Settings, Sighting, TempHubError, Worker, board_of, clock, describe
from ..trust import Trust
from . import conversation, errors, pool, probe_client, schedule

log = logging.getLogger(__name__)

# A probe serves one request at a time; a check under way is over by then.
WAIT_FOR_TURN_S = 8.0


class Provisioner(Worker):
    """Checks each known probe now and then, tells it where to deliver when that differs; a dead one delays no other."""

    def __init__(
        self,
        settings: Settings,
        trust: Trust,
        on_result: Callable[[conversation.ProbeCheck], None],
        *,
        check_every_s: float = 15.0,
        talk: probe_client.Talk | None = None,
        hub_port: int | None = None,
        intervals: Mapping[str, int] | None = None,
        heard: Callable[[str, str, int, float], None] = lambda _id, _boot, _count, _at_s: None,
        told: Callable[[str, str, float], None] = lambda _id, _what, _value: None,
    ) -> None:
        """hub_port: the port told to probes, when it is not the setting's. intervals: intervals set earlier, by probe id.

        heard, told: see Context.
        """
        super().__init__("provisioner")
        self._on_result = on_result
        self._check_every_s = check_every_s
        self._talk = talk or probe_client.Talk()
        self._talk.stopped = self.stopping.is_set
        self._context = conversation.Context(self._talk, settings, settings.port if hub_port is None else hub_port, trust, heard, told)
        self._intervals = schedule.Intervals(intervals or {})
        self._register = schedule.Register()
        self._lock = threading.Lock()
        self._bell = threading.Event()
        self._ended: SimpleQueue[tuple[schedule.Known, Sighting, conversation.ProbeCheck | None, conversation.Given | None]] = SimpleQueue()
        self._once = Once(log)

    def meet(self, sighting: Sighting) -> None:
        """A probe was seen: a new one, or one with another address or boot, is checked at once. Returns at once."""
        with self._lock:
            room = self._register.meet(sighting, clock.monotonic_s())
        if not room:
            problem = f"More than {schedule.MOST} probes are known, so {sighting.probe_id} is not told where to deliver."
            remedy = "Check which device announces so many probes, and take it off the network."
            self._once.warn("full", f"{problem} {remedy}")
            self.trouble(problem, remedy)
        self._bell.set()

    def forget(self, probe_id: str) -> None:
        """The probe is gone: no more checks. An interval set for it is kept for its return."""
        with self._lock:
            made_room = self._register.probes.pop(probe_id, None) is not None
        if made_room:
            self._once.clear("full")
            self.well()

    def wake(self, probe_id: str | None = None) -> None:
        """Check one probe, or all, now: the network changed, or a probe stopped delivering. Returns at once."""
        now = clock.monotonic_s()
        with self._lock:
            for known in self._register.probes.values():
                if probe_id in (None, known.sighting.probe_id):
                    self._register.wake(known, now)
        self._bell.set()

    def stop(self, timeout_s: float = 4.0) -> bool:
        """As every worker; exchanges under way are given up."""
        self.stopping.set()
        self._bell.set()
        stopped: bool = super().stop(timeout_s)
        return stopped

    def provision_now(self, host: str, port: int = 80, interval_ms: int | None = None, *, take: bool = True) -> conversation.ProbeCheck:
        """Tell one probe now. host: a known probe's id or name, a numeric address, or a name. Waits up to some 15 s.

        interval_ms: kept for this probe from now on; take: also from another hub that records it.
        Raises TempHubError: `bad_interval` (400), `unknown_probe` (404), `probe_unreachable` (502), `probe_claimed` (409) and what
        else a probe may answer.
        """
        if interval_ms is not None and not MIN_INTERVAL_MS <= interval_ms <= MAX_INTERVAL_MS:
            raise errors.bad_interval(interval_ms)
        known = self._named(host, port) or self._introduce(host, port)
        probe_id = known.sighting.probe_id
        with known.turn(WAIT_FOR_TURN_S):
            met = known.sighting
            order = self._order(known, interval_ms, force=True, take=take)
            result, given = conversation.Conversation(self._context, met).settle(order)
            with self._lock:
                if interval_ms is not None:
                    self._intervals.keep(probe_id, interval_ms)
                known.went_well(given, clock.monotonic_s(), self._check_every_s)
                self._register.probes.get(probe_id) or self._register.add(known)
        self._ended.put((known, met, result, None))
        self._bell.set()
        return result

    def provision_several(self, host: str | None, port: int | None, interval_ms: int | None = None) -> list[conversation.ProbeCheck]:
        """Tell the probes that are meant, now: all known ones without a host, with a port only those that listen on it.

        How it went with each. A host that means one probe, known or not, is told as by `provision_now`, and raises what that raises.
        """
        if interval_ms is not None and not MIN_INTERVAL_MS <= interval_ms <= MAX_INTERVAL_MS:
            raise errors.bad_interval(interval_ms)
        with self._lock:
            known = [one.sighting for one in self._register.probes.values()]
        meant = [met for met in known if host in (None, met.ip) and port in (None, met.port)]
        if host is not None and len(meant) < 2:
            return [self.provision_now(meant[0].probe_id if meant else host, port or 80, interval_ms)]
        # Who asks for all of them means those that are here, not the ones that another hub records.
        return pool.tell_each(meant, lambda probe_id: self.provision_now(probe_id, interval_ms=interval_ms, take=host is not None))

    def update_now(self, probe_id: str, sha256: Callable[[bool], str]) -> str:
        """Have a known probe fetch this hub's firmware, with that checksum (for a board?); the version it had. Raises TempHubError."""
        known = self._known(probe_id)
        with known.turn(WAIT_FOR_TURN_S):
            return conversation.Conversation(self._context, known.sighting).update(sha256)

    def identify_now(self, probe_id: str) -> None:
        """Have a known probe blink. Raises TempHubError."""
        known = self._known(probe_id)
        with known.turn(WAIT_FOR_TURN_S):
            conversation.Conversation(self._context, known.sighting).identify()

    def release_now(self, probe_id: str) -> None:
        """Let a probe go, so that another hub can claim it: one with our key is told to forget it. Raises TempHubError; then nothing
        has changed."""
        board, trust = board_of(probe_id), self._context.trust
        if trust.key(board):
            known = self._named(probe_id, 0)
            if known is None:
                raise errors.not_here(board)
            with known.turn(WAIT_FOR_TURN_S):
                conversation.Conversation(self._context, known.sighting).release()
        trust.release(board)

    def _known(self, probe_id: str) -> schedule.Known:
        known = self._named(probe_id, 0)
        if known is None:
            raise errors.unknown(probe_id, "is not the id of a known probe")
        return known

    def run(self) -> None:
        """Hand out checks that are due, take their results."""
        self.well()
        crew = pool.Crew(schedule.WORKERS, "temphub-provisioner")
        with self._lock:
            for known in self._register.probes.values():
                known.busy = False
        try:
            while not self.stopping.is_set():
                self._bell.clear()
                self._take_results()
                self._bell.wait(self._hand_out(crew))
        finally:
            crew.close(3.0)

    def _hand_out(self, crew: pool.Crew) -> float:
        """Start what is due; seconds until something else is."""
        with self._lock:
            chosen, next_due = self._register.turns(clock.monotonic_s())
            under_way = sum(known.busy for known in self._register.probes.values())
        for known in chosen:
            crew.submit(lambda known=known: self._check(known), under_way)  # type: ignore[misc]
        return max(0.0, next_due - clock.monotonic_s())

    def _check(self, known: schedule.Known) -> None:
        """One check, in a crew thread; whatever happens, a result is handed back."""
        met = known.sighting
        order = self._order(known, None, force=False, take=False)
        result: conversation.ProbeCheck | None = None
        given: conversation.Given | None = None
        if known.talking.acquire(blocking=False):
            talk = conversation.Conversation(self._context, met)
            try:
                result, given = talk.settle(order)
            except TempHubError as error:
                result = conversation.failed(met, error, talk.state)
            # The boundary of a crew thread: an unforeseen answer of one probe must not end the thread.
            except Exception as error:
                log.exception("the check of %s failed", met.probe_id)
                result = conversation.failed(met, TempHubError(*describe(error)), talk.state)
            finally:
                known.talking.release()
        self._ended.put((known, met, result, given))
        self._bell.set()

    def _order(self, known: schedule.Known, interval_ms: int | None, *, force: bool, take: bool) -> conversation.Order:
        with self._lock:
            kept = self._intervals.get(known.sighting.probe_id, self._context.settings.default_interval_ms)
            return conversation.Order(interval_ms or kept, known.given, force, take)

    def _take_results(self) -> None:
        while not self.stopping.is_set():
            try:
                known, met, result, given = self._ended.get_nowait()
            except Empty:
                return
            if self._settle(known, met, result, given) and result is not None:
                self._say(result)
                self._on_result(result)

    def _settle(
        self, known: schedule.Known, met: Sighting, result: conversation.ProbeCheck | None, given: conversation.Given | None
    ) -> bool:
        """Note how a check ended and when the next is due. False when the result is about a place the probe has left."""
        now = clock.monotonic_s()
        with self._lock:
            if result is not None and result.ok and given is None:
                return True  # from provision_now, which noted it already
            known.busy = False
            if self._register.probes.get(met.probe_id) is not known:
                return False
            return known.ended(met, result, given, now, self._check_every_s)

    def _say(self, result: conversation.ProbeCheck) -> None:
        if not result.ok:
            self._once.warn(result.probe_id, f"{result.problem} {result.remedy}")
            return
        self._once.clear(result.probe_id, f"the probe {result.probe_id} is well again")
        if result.changed:
            log.debug("the probe %s at %s:%d delivers to %s", result.probe_id, result.ip, result.port, result.provisioned_url)

    def _named(self, host: str, port: int) -> schedule.Known | None:
        with self._lock:
            return self._register.named(host, port)

    def _introduce(self, host: str, port: int) -> schedule.Known:
        """Ask a device that is not known yet who it is."""
        sighting = probe_client.introduced(self._talk, host, port)
        with self._lock:
            if sighting.probe_id in self._register.probes:
                self._register.meet(sighting, clock.monotonic_s())
            return self._register.probes.get(sighting.probe_id) or schedule.Known(sighting)
