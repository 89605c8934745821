"""The hub itself: every part started and stopped in order, and what it says of probes that are new. `start`
and `stop` from one thread; the rest from any.
"""

import logging
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from .._version import __version__
from ..alarms import GATHERING, Alarms, Channels, Delivery, life
from ..api import Desk, Endpoint
from ..backup import NightlyBackup
from ..core import (
    Budget,
    NotAllowed,
    Settings,
    Sighting,
    TempHubError,
    Worker,
    board_of,
    is_of_a_demo,
    now_ms,
    run_folder,
)
from ..csvlog import CsvLog
from ..discovery import Discovery, is_loopback, lan_urls, loopback, networks
from ..forward import forwarded, forwarders, heartbeats
from ..journal import (
    Keeper,
    ProbeBook,
    Reader,
    RollUps,
    Writer,
    bring_up_to_date,
    change,
    drop_unfinished,
    looks_damaged,
    put_damaged_aside,
)
from ..language import said
from ..provisioner import TWIN_REMEDY, ProbeCheck, Provisioner, Talk
from ..reports import Schedule
from ..trust import Trust
from . import health, refill, refused, silences, standings
from .lock import HubInfo, HubLock

log = logging.getLogger(__name__)
# Anybody on the network can advertise any number of names.
MOST = 16_384


class Newcomers:
    """Remembers where each probe was last said to be."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[str, int]] = {}
        self._budget = Budget()
        self._lock = threading.Lock()

    def met(self, sighting: Sighting) -> None:
        """A probe was met, by mDNS or by its own hello."""
        place = sighting.ip, sighting.port
        with self._lock:
            if self._said.pop(sighting.probe_id, None) == place:
                self._said[sighting.probe_id] = place
                return
            self._said[sighting.probe_id] = place
            while len(self._said) > MOST:
                del self._said[next(iter(self._said))]
            level = logging.INFO if self._budget.take(log) else logging.DEBUG
        virtual = " (virtual)" if sighting.model == "virtual" else ""
        host = f"[{sighting.ip}]" if ":" in sighting.ip else sighting.ip
        log.log(level, "found %s%s at %s:%d", sighting.probe_id, virtual, host, sighting.port)


class SameKeys:
    """Says once that there is another hub with the keys of this one, whatever the number of probes that it
    records; the provisioner's thread."""

    def __init__(self) -> None:
        self._there: set[str] = set()

    def note(
        self, check: ProbeCheck, say: Callable[[str, str], object], over: Callable[[str], object]
    ) -> None:
        """How a check ended."""
        before = bool(self._there)
        (self._there.add if check.twin else self._there.discard)(check.probe_id)
        if self._there and not before:
            say(TWIN, TWIN_REMEDY)
        elif before and not self._there:
            over(TWIN)
            log.info("no probe is at another hub with the same keys any more")


# A probe that drifted (reset, another token, another hub) is put right within ten seconds.
CHECK_EVERY_S = 8.0
NEW_CHANNELS = (
    "Put back a copy of temphub.channels.json and start the hub again, or add the channels anew: "
    "until then nobody is told."
)
TWIN = (
    "Another hub on this network has the same keys as this one (a back-up that was restored, or a copied "
    "data folder), so each probe stays with the hub that it delivers to, and readings go into two journals."
)
NEW_KEYS = (
    "Put back a copy of temphub.keys.json, or hold each probe's button for 5 s and press Trust beside it."
)


class RunningHub:
    """This process is the hub. run: the folder of the start, when a supervisor keeps a page server behind
    it."""

    role = "hub"

    def __init__(self, settings: Settings, lock: HubLock, run: run_folder.RunFolder | None = None) -> None:
        self.settings = settings
        self.url = settings.local_url
        self._lock = lock
        self._run = run
        # Before anything opens it.
        drop_unfinished(settings.journal_file)
        self._aside = put_damaged_aside(settings.journal_file)
        bring_up_to_date(settings.journal_file)
        self.writer = Writer(settings.journal_file)
        self.book = ProbeBook(self.writer)
        self.csvlog = CsvLog(settings.csv_file, settings.journal_file, self.writer, style=settings.csv_style)
        self.refusals = refused.Refusals(settings.journal_file, self.book)
        self.silences = silences.Silences(settings.journal_file, self.book)
        self.trust = Trust(settings.data_dir, approve=settings.approve_probes)
        self._standings = standings.Standings(self.trust, self.book)
        self.trust.on_change = self._standings.tell
        self._newcomers = Newcomers()
        self._same_keys = SameKeys()
        self.provisioner = self._make_provisioner()
        self.discovery = self._make_discovery()
        self.health = health.Health(settings, self.writer, self.csvlog, self.urls)
        if self.trust.damaged:
            self._told(
                f"The file of the probes' keys was damaged; it lies beside as {self.trust.damaged}.", NEW_KEYS
            )
        self.channels = Channels(settings.data_dir, partial(said, language=settings.alarms_language))
        if self.channels.damaged:
            self._told(
                f"The file of the alarms' channels was damaged; it lies beside as {self.channels.damaged}.",
                NEW_CHANNELS,
            )
        self.endpoint = self._make_endpoint()
        own = ("backup",) if settings.backup_dir else ()
        self.alarms = Alarms(settings.journal_file, self.writer, channels=self.channels.names, own=own)
        self.alarms.gathered_ms = lambda: self.endpoint.gathers()["within_ms"]
        self.workers = self._make_workers()
        self._connect_health()

    def _make_provisioner(self) -> Provisioner:
        return Provisioner(
            self.settings,
            self.trust,
            self._checked,
            check_every_s=CHECK_EVERY_S,
            talk=Talk(networks=networks),
            intervals=_intervals(self.settings.journal_file),
            heard=lambda *said: self.endpoint.heard(*said),
            told=lambda *said: self.alarms.tell(*said),
        )

    def _make_discovery(self) -> Discovery:
        return Discovery(
            self.settings,
            self._met,
            self.book.gone,
            hub_port=self.settings.port,
            version=__version__,
            on_network=lambda _addresses: self.provisioner.wake(),
            # A demo is nobody else's business: it finds no real probe, and no real probe finds it.
            addresses=loopback if self.settings.is_demo else None,
        )

    def _make_endpoint(self) -> Endpoint:
        desk = Desk(
            self.health.report,
            self._met,
            self._refused,
            self._provision,
            self._update,
            self.provisioner.identify_now,
            self._trust,
            self.trust,
            self.channels,
            lamp=lambda probe_id: self.alarms.lamps.get(board_of(probe_id), ""),
            twins=self._twins,
            seen=self.silences.seen,
            gathers=lambda note: self.book.leave(GATHERING, note),
        )
        page = self._run.page if self._run else None
        return Endpoint(self.settings, self.settings.journal_file, self.writer, desk, page)

    def _make_workers(self) -> list[Worker]:
        """All parts. Started in this order, stopped in reverse: deliveries are taken only while all that
        follows them runs, and the journal's writer outlives everyone who writes through it."""
        settings, awake = self.settings, health.Awake()
        self.health.awake = lambda: awake.awake
        self.health.forward = lambda: forwarded(passing)
        # Behind a page server there is a supervisor, which starts another hub at once.
        look, broken = self._standings.and_then(self.silences.look), self._broken
        pulse = health.Pulse(self.health, self.book, self.refusals, look=look, broken=broken)
        return [
            self.writer,
            RollUps(settings.journal_file, self.writer),
            Keeper(settings.journal_file, self.writer, archive_days=settings.archive_after_days),
            Delivery(
                settings.journal_file,
                self.writer,
                self.channels,
                link=self._link,
                soon=lambda: self.alarms.soon,
            ),
            self.alarms,
            self.csvlog,
            *(passing := forwarders(settings, self.writer)),
            self.provisioner,
            self.endpoint,
            self.discovery,
            *([awake] if settings.keep_awake else []),
            *_scheduled(settings, partial(_tell_of_backup, self.writer, self.channels)),
            pulse,
            *heartbeats(settings, lambda: [worker.state() for worker in self.workers]),
        ]

    def _connect_health(self) -> None:
        """What the health note says of parts that were made after it."""
        self.health.workers = self.workers
        self.health.sees = self.discovery.seen
        self.health.gathering = self.endpoint.gathers
        self.health.alarms = lambda: self.alarms.counts._asdict()
        if (run := self._run) is not None:
            self.health.pages = lambda: run.read(run_folder.PAGES)
        self.health.refused = self.refusals.devices
        self.health.refused_probes = self.refusals.probes

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.settings.journal_file

    @property
    def csv_file(self) -> Path:
        """The CSV log's file."""
        return self.settings.csv_file

    def urls(self) -> list[str]:
        """The page's address on each of this computer's networks."""
        return lan_urls(self.settings) or [self.settings.local_url]

    def _link(self) -> str:
        """Where people look at the page."""
        return f"{self.settings.public_base or self.urls()[0]}/"

    def start(self) -> None:
        """Start every part. Whatever it raises (TempHubError for what the user can mend), nothing is left
        running."""
        try:
            for worker in self.workers:
                worker.start()
                if worker is self.writer:
                    self._catch_up()
        except BaseException:
            self.stop()
            raise
        self._standings.tell()
        self.book.none_shared()
        self._lock.tell(
            HubInfo(os.getpid(), self.url, self.health.started_ms, __version__, self._run is not None)
        )
        log.debug("the hub listens on port %d; readings go to %s", self.settings.port, self.settings.data_dir)

    def _catch_up(self) -> None:
        catch_up = refill.CatchUp(self.settings, self.writer, self._aside)
        if said := catch_up.at_start():
            self._told(*said)

        def rest() -> None:
            again = catch_up.again()
            if said:
                self.health.over(said[0])
            if again:
                self._told(*again)

        # A log that goes on would be taken for one that is in the journal.
        self.csvlog.first = None if catch_up.done else rest

    def _broken(self) -> bool:
        return self._run is not None and (self.writer.damaged or looks_damaged(self.journal))

    def _told(self, problem: str, remedy: str) -> None:
        log.warning("%s %s", problem, remedy)
        self.health.tell(problem, remedy)

    def stop(self) -> None:
        """Stop every part, commit what waits, let the lock go. Twice is once."""
        for worker in reversed(self.workers):
            if not worker.stop(timeout_s=2.0):
                log.warning("the %s part did not stop in time", worker.name)
        self._lock.forget()
        self._lock.release()

    def __repr__(self) -> str:
        return f"The hub runs here: {self.url}; readings go to {self.settings.data_dir}"

    def _met(self, sighting: Sighting) -> None:
        if not is_loopback(sighting.ip) if self.settings.is_demo else is_of_a_demo(sighting):
            # Each keeps to its own: a demo to this computer, a real hub to what measures.
            log.debug("%s at %s is not taken up", sighting.probe_id, sighting.ip)
            return
        self.health.hellos += sighting.via == "hello"
        self.book.met(sighting)
        self._newcomers.met(sighting)
        self.provisioner.meet(sighting)

    def _refused(self, address: str, probe_id: str, error: TempHubError) -> None:
        for one in self.refusals.note(address, probe_id, error):
            if isinstance(error, NotAllowed):
                # A probe with an old token: it is put right now, not at the next round.
                self.provisioner.wake(one)

    def _checked(self, check: ProbeCheck) -> None:
        self._same_keys.note(check, self._told, lambda problem: self.health.over(problem))
        self.book.checked(
            check.probe_id,
            ok=check.ok,
            server_url=check.provisioned_url,
            interval_ms=check.interval_ms,
            problem=check.problem,
            remedy=check.remedy,
            held=check.held,
            waits=check.waits,
        )

    def _twins(self, probe_id: str, problem: str, remedy: str) -> None:
        if problem:
            log.warning("%s %s", problem, remedy)
        else:
            log.info("one device delivers as %s again", probe_id)
        self.book.shared(probe_id, problem, remedy)

    def _provision(self, host: str | None, port: int | None, interval_ms: int | None) -> list[dict[str, Any]]:
        return [_outcome(check) for check in self.provisioner.provision_several(host, port, interval_ms)]

    def _update(self, probe_id: str, sha256: Callable[[bool], str]) -> dict[str, Any]:
        return {"had": self.provisioner.update_now(probe_id, sha256)}

    def _trust(self, probe_id: str, yes: bool) -> None:
        if yes:
            self.trust.trust(board_of(probe_id))
        else:
            self.provisioner.release_now(board_of(probe_id))
        self.provisioner.wake(board_of(probe_id))


def _tell_of_backup(writer: Writer, channels: Channels, problem: str, remedy: str) -> None:
    """It is told as an alarm is, by all channels. Raises TempHubError."""
    names = channels.names()
    change(writer, lambda book: life.own(book, "backup", problem, remedy, names, now_ms()))


def _scheduled(settings: Settings, tell: Callable[[str, str], object]) -> list[Worker]:
    """What makes files by itself, where there is a folder for them."""
    reports: list[Worker] = [Schedule(settings)] if settings.reports_dir else []
    return reports + ([NightlyBackup(settings, tell=tell)] if settings.backup_dir else [])


def _outcome(check: ProbeCheck) -> dict[str, Any]:
    """What came of telling one probe, as the API says it."""
    what = {"probe_id": check.probe_id, "ok": check.ok, "ip": check.ip, "port": check.port}
    if check.ok:
        return what | {"server_url": check.provisioned_url, "interval_ms": check.interval_ms}
    return what | {"problem": check.problem, "remedy": check.remedy}


def _intervals(journal: Path) -> dict[str, int]:
    """The interval last given to each probe, so that a restart does not undo what somebody chose for one of
    them."""
    if not journal.is_file():
        return {}
    with Reader(journal) as reader:
        return reader.intervals()
