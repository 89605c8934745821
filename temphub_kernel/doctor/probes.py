"""Each probe: can it be reached, what does it say, does it deliver to this hub?"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..base.clock import local_text, now_ms
from ..base.errors import TempHubError
from ..base.finding import Finding, problem, unknown, warning, well
from ..base.reading import board_of
from ..discovery import networks
from ..journal import Reader
from ..provisioner import Talk
from ..provisioner.talk import Status
from .case import Case

AT_ONCE = 16
MOST = 64
DAY_MS = 24 * 3600 * 1000


def probes(case: Case) -> Iterable[Finding]:
    """Asks up to 64 probes, 16 at a time, four seconds each at most."""
    known = remembered(case)
    if not known:
        yield unknown("Probes", "No probe was found yet.", "Power a probe in this computer's network; within ten seconds it is found.")
        return
    here = sorted(known, key=lambda one: -last_ms(one))[:MOST]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda one: ask(case, one), here)
    if len(known) > MOST:
        yield unknown("Probes", f"{len(known) - MOST} more probes were not asked.", "See `temphub probes` for all of them.")


def remembered(case: Case) -> list[dict[str, Any]]:
    """What the journal knows of each board; empty without a journal. Sensors of a board are not asked one by one."""
    try:
        with Reader(case.settings.journal_file) as reader:
            newest = {one.probe_id: one.delivered_ms for one in reader.newest()}
            found = [{**probe, "delivered_ms": newest.get(probe["id"], 0)} for probe in reader.probes()]
    except TempHubError:
        return []
    return [probe for probe in found if probe["ip"] and board_of(probe["id"]) == probe["id"]]


def ask(case: Case, probe: dict[str, Any]) -> Finding:
    """One probe; never raises."""
    talk = Talk(networks=networks, connect_s=1.5, read_s=2.0, whole_s=4.0)
    try:
        status = talk.status(probe["id"], probe["ip"], probe["port"])
    except TempHubError as error:
        return unreachable(probe, error)
    return judge(case, probe, status)


def unreachable(probe: dict[str, Any], error: TempHubError) -> Finding:
    """Away for a day or more is a probe put away; away since a moment ago is a problem."""
    name = f"Probe {probe['id']}"
    # What the hub adds for itself ("so it was not told …") is not what was tried here.
    said = error.problem.partition(", so ")[0].rstrip(".") + "."
    last = last_ms(probe)
    if now_ms() - last > DAY_MS:
        return warning(name, f"{said} It was last heard {local_text(last)}." if last else said, error.remedy)
    return problem(name, said, error.remedy)


def judge(case: Case, probe: dict[str, Any], status: Status | None) -> Finding:
    """What the probe says of itself."""
    name = f"Probe {probe['id']}"
    at = f"{probe['ip']}:{probe['port']}"
    if status is None:
        return unknown(name, f"Answers at {at}, but has no /status page; its firmware is older than this hub.")
    if status.probe_id and status.probe_id != probe["id"]:
        return warning(name, f"At {at} another probe answers: {status.probe_id}.", "Wait: the hub finds the new address by itself.")
    said = f"Reachable at {at}, firmware {status.version or 'unknown'}, measures every {(status.interval_ms or 0) / 1000:g} s"
    if case.running and "another hub" in probe["problem"]:
        return warning(name, f"{said}. {probe['problem']}", probe["remedy"])
    if case.running and probe["problem"]:
        return problem(name, f"{said}, but: {probe['problem']}", probe["remedy"])
    if status.needs_provision or not status.server_url:
        return warning(name, f"{said}; nobody told it where to deliver yet.", "Start the hub; it tells every probe within ten seconds.")
    return well(name, f"{said}, delivers to {status.server_url}.")


def last_ms(probe: dict[str, Any]) -> int:
    """When it was last met or delivered."""
    return max(int(probe["seen_ms"]), int(probe["delivered_ms"]))
