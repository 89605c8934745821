"""The running hub's own parts, and each probe: can it be reached, what does it say, does it deliver to this
hub?"""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..core import (
    DAY_MS,
    FAULT_WORDS,
    TempHubError,
    board_of,
    called,
    finding,
    local_text,
    look_alikes,
    now_ms,
    transient,
)
from ..discovery import networks
from ..journal import HELD, SHARED, Newest, Reader
from ..provisioner import Status, Talk
from .context import Case


def hub_parts(case: Case) -> Iterable[finding.Finding]:
    """Nothing when no hub runs: that is no fault."""
    workers = case.health.get("workers") if case.running else None
    if not isinstance(workers, list):
        return
    bad = [one for one in workers if one.get("problem") or not one.get("running", True)]
    for one in bad:
        said = one.get("problem") or f"The {one.get('name')} part does not run."
        yield finding.problem(
            f"Hub, {one.get('name')}", said, one.get("remedy") or "Stop the hub and start it again."
        )
    for one in case.health.get("told") or []:
        yield finding.warning("Hub, noticed", str(one.get("problem", "")), str(one.get("remedy", "")))
    for one in case.health.get("refused") or ():
        said = (
            f"It delivers readings that are refused ({one.get('times')} times, last {one.get('last')}): "
            f"{one.get('problem')}"
        )
        yield finding.problem(f"Device {one.get('address')}", said, str(one.get("remedy")))
    if not bad:
        yield finding.well(
            "Hub",
            f"Runs since {int(case.health.get('uptime_s', 0)) // 60} minutes; all its {len(workers)} parts "
            "are well.",
        )


def forwarding(case: Case) -> Iterable[finding.Finding]:
    """Nothing where nothing goes to an engine; what is wrong with it the hub's parts say."""
    told = case.health.get("forward") if case.running else None
    if not isinstance(told, dict) or not told:
        return
    said = f"To {told.get('url')} ({told.get('engine')}) as site {told.get('site')}"
    waiting, fallen = int(told.get("waiting", 0)), sum(dict(told.get("fallen", {})).values())
    said += f"; {waiting:,} readings wait, {fallen:,} were let fall."
    if ignored := dict(told.get("ignored", {})):
        counts = ", ".join(f"{count:,} {reason}" for reason, count in ignored.items())
        said += f" It says itself that it let points fall, of all who write there: {counts}."
    if ignored and not fallen:
        remedy = "Look at what `temphub forward` says of it, or accept it: temphub forward --accept"
        yield finding.warning("Forwarding", said, remedy)
    elif advice := str(told.get("advice", "")):
        yield finding.warning("Forwarding", said, advice)
    else:
        yield finding.well("Forwarding", said)


def gathering(case: Case) -> Iterable[finding.Finding]:
    """Nothing while probes deliver as they measure."""
    told = case.health.get("gathering") if case.running else None
    every_ms = told.get("deliver_every_ms") if isinstance(told, dict) else 0
    if not told or not every_ms:
        return
    yield finding.well(
        "Deliveries",
        f"{told.get('probes')} probes deliver more often than this computer takes with ease, so they are "
        f"asked to gather: readings come every {every_ms / 1000:g} s, and none is lost. A longer interval, "
        "or a faster computer, ends that by itself.",
    )


AT_ONCE = 16
MOST = 64
MOST_ALIKE = 8


def probes(case: Case) -> Iterable[finding.Finding]:
    """Asks up to 64 probes, 16 at a time, four seconds each at most."""
    known = remembered(case)
    yield from shared(case)
    yield from crowd(case)
    if not known:
        yield finding.unknown(
            "Probes",
            "No probe was found yet.",
            "Power a probe in this computer's network; within ten seconds it is found.",
        )
        return
    here = sorted(known, key=lambda one: -last_ms(one))[:MOST]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda one: ask(case, one), here)
    if len(known) > MOST:
        yield finding.unknown(
            "Probes",
            f"{len(known) - MOST} more probes were not asked.",
            "See `temphub probes` for all of them.",
        )


def remembered(case: Case) -> list[dict[str, Any]]:
    """What the journal knows of each board; empty without a journal. Sensors of a board are not asked one by
    one."""
    try:
        with Reader(case.settings.journal_file) as reader:
            newest = {one.probe_id: one for one in reader.newest()}
            listed, gone = _listed(reader, newest)
            found = [
                {**probe, **_delivered(newest.get(probe["id"]))}
                for probe in listed
                if probe["id"] not in gone
            ]
    except TempHubError:
        return []
    faulty = faults(found)
    return [
        {**probe, "faults": faulty.get(probe["id"], {})}
        for probe in found
        if probe["ip"] and board_of(probe["id"]) == probe["id"]
    ]


def faults(found: Iterable[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """{board: {sensor: its fault}} of the sensors whose newest reading has no value."""
    faulty: dict[str, dict[str, str]] = {}
    for probe in found:
        if probe["no_value"]:
            faulty.setdefault(board_of(probe["id"]), {})[called(probe)] = str(probe["no_value"])
    return faulty


def _delivered(newest: Newest | None) -> dict[str, Any]:
    """When anything of it was stored last, and why its newest reading has no value, if so."""
    if newest is None:
        return {"delivered_ms": 0, "no_value": ""}
    return {
        "delivered_ms": newest.delivered_ms,
        "no_value": newest.quality or "missing" if newest.units is None else "",
    }


def shared(case: Case) -> Iterable[finding.Finding]:
    """Ids under which two devices deliver, whether or not either can be asked."""
    try:
        with Reader(case.settings.journal_file) as reader:
            _, found = reader.note(SHARED)
    except TempHubError:
        return
    for probe_id, said in found.items() if case.running else ():
        yield finding.problem(f"Probe {probe_id}", *said)


def crowd(case: Case) -> Iterable[finding.Finding]:
    """Probes that a person could take for one another, and ids that came and did not come back."""
    try:
        with Reader(case.settings.journal_file) as reader:
            listed, gone = _listed(reader, {one.probe_id: one for one in reader.newest()})
    except TempHubError:
        return
    known = {probe["id"]: probe for probe in listed if probe["id"] not in gone}
    alike = look_alikes(known.values())
    for id_ in list(alike)[:MOST_ALIKE]:
        told = f"Looks like {called(known[alike[id_]])}, by its id or its name."
        yield finding.warning(
            f"Probe {called(known[id_])}",
            told,
            "Make sure which one is yours: give it a name, and remove the other if nobody knows it.",
        )
    if len(alike) > MOST_ALIKE:
        yield finding.warning(
            "Probes",
            f"{len(alike) - MOST_ALIKE} more look like another one.",
            "See `temphub probes` for all of them.",
        )
    if gone:
        told = (
            f"{len(gone):,} unnamed id{'s' * (len(gone) > 1)} came once or a few times and did not come "
            "back; the page folds them away."
        )
        yield finding.warning(
            "Probes", told, "Remove them with `temphub probes --remove-unnamed`; their readings are kept."
        )


def _listed(reader: Reader, newest: Mapping[str, Newest]) -> tuple[list[dict[str, Any]], set[str]]:
    """(what is known of each probe, the ids that came and did not come back). held: what is the matter is
    that it is another hub's."""
    (_, stand), (_, held) = reader.note("trust"), reader.note(HELD)
    listed = [
        {**probe, "trust": stand.get(board_of(probe["id"])), "held": probe["id"] in held}
        for probe in reader.probes()
    ]
    return listed, transient(listed, newest, now_ms())


def ask(case: Case, probe: dict[str, Any]) -> finding.Finding:
    """One probe; never raises."""
    talk = Talk(networks=networks, connect_s=1.5, read_s=2.0, whole_s=4.0)
    try:
        status = talk.status(probe["id"], probe["ip"], probe["port"])
    except TempHubError as error:
        return unreachable(probe, error)
    return judge(case, probe, status)


def unreachable(probe: dict[str, Any], error: TempHubError) -> finding.Finding:
    """Away for a day or more is a probe put away; away since a moment ago is a problem."""
    name = f"Probe {called(probe)}"
    # Whether it was told where to deliver is the hub's business: nothing of that was tried here.
    said = error.met.rstrip(".") + "."
    last = last_ms(probe)
    if now_ms() - last > DAY_MS:
        return finding.warning(
            name, f"{said} It was last heard {local_text(last)}." if last else said, error.remedy
        )
    return finding.problem(name, said, error.remedy)


def judge(case: Case, probe: dict[str, Any], status: Status | None) -> finding.Finding:
    """What the probe says of itself."""
    name = f"Probe {called(probe)}"
    at = f"{probe['ip']}:{probe['port']}"
    if status is None:
        return finding.unknown(
            name, f"Answers at {at}, but has no /status page; its firmware is older than this hub."
        )
    if status.probe_id and status.probe_id != probe["id"]:
        return finding.warning(
            name,
            f"At {at} another probe answers: {status.probe_id}.",
            "Wait: the hub finds the new address by itself.",
        )
    every_s = (status.interval_ms or 0) / 1000
    said = f"Reachable at {at}, firmware {status.version or 'unknown'}, measures every {every_s:g} s"
    if case.running and probe["held"]:
        return finding.warning(name, f"{said}. {probe['problem']}", probe["remedy"])
    if case.running and probe["problem"]:
        return finding.problem(name, f"{said}, but: {probe['problem']}", probe["remedy"])
    return _delivers(name, said, probe, status)


def _delivers(name: str, said: str, probe: dict[str, Any], status: Status) -> finding.Finding:
    """Whether its readings come to this hub, and whether its sensors give any. said: how it was reached."""
    if status.needs_provision or not status.server_url:
        return finding.warning(
            name,
            f"{said}; nobody told it where to deliver yet.",
            "Start the hub; it tells every probe within ten seconds.",
        )
    if not probe["delivered_ms"]:
        told = f"{said}; it was told to deliver to {status.server_url}, and nothing of it is stored yet."
        return finding.warning(
            name,
            told,
            "Wait ten seconds and check again; if it lasts, look at the probe's own /status for its last "
            "error.",
        )
    if probe["faults"]:
        which = "; ".join(
            f"{sensor}: {FAULT_WORDS.get(fault, fault)}" for sensor, fault in probe["faults"].items()
        )
        return finding.problem(
            name, f"{said}, but a sensor gives no value ({which}).", "Check the sensor's plug and wires."
        )
    return finding.well(name, f"{said}, delivers to {status.server_url}.")


def last_ms(probe: dict[str, Any]) -> int:
    """When it was last met or delivered."""
    return max(int(probe["seen_ms"]), int(probe["delivered_ms"]))
