"""`temphub probes` and `temphub update`: what the running hub knows of its probes, asked over its own API.
Main thread."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from ...core import Settings, TempHubError, called, named
from ..client import LISTING, HubClient

HEADINGS = ("ID", "NAME", "VERSION", "UPDATE", "TRUST", "ADDRESS", "LAST SEEN")


class Fleet:
    """The probes of the hub that runs with these settings. `say(line)` tells the person at the command
    line."""

    def __init__(self, settings: Settings, say: Callable[[str], None], *, every_s: float = 1.0) -> None:
        self._hub = HubClient(settings, silence=LISTING)
        self._say = say
        self._every_s = every_s

    def show(self, *, everybody: bool = False) -> None:
        """A table of the probes, and which of them have an update. Raises TempHubError.

        everybody: with those that came once or a few times and did not come back, who are counted only
        otherwise.
        """
        version, known = self._look()
        probes = [probe for probe in known if everybody or not probe["transient"]]
        rows = [HEADINGS, *(_row(probe, version) for probe in probes)]
        widths = [max(len(row[at]) for row in rows) for at in range(len(HEADINGS))]
        for row in rows:
            self._say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        self._warn_of(probes, len(known) - len(probes))
        old = [probe["id"] for probe in probes if outdated(probe, version)]
        if not known:
            self._say("No probe was found yet.")
        elif old:
            self._say(
                f"\n{len(old)} with an update to {version}. Install it with: temphub update "
                f"{old[0] if len(old) == 1 else '--all'}"
            )
        else:
            self._say(f"\nThis hub brings firmware {version}; no probe needs an update.")

    def _warn_of(self, probes: list[dict[str, Any]], folded: int) -> None:
        names = {probe["id"]: called(probe) for probe in probes}
        for probe in probes:
            if probe["looks_like"] in names:
                self._say(
                    f"\n{names[probe['id']]} looks like {names[probe['looks_like']]}: make sure which one is "
                    "yours."
                )
        if folded:
            many = "1 unnamed id" if folded == 1 else f"{folded:,} unnamed ids"
            self._say(f"\nNot listed: {many} that came once or a few times and did not come back.")
            self._say("List with: temphub probes --all\nRemove with: temphub probes --remove-unnamed")

    def update(self, ids: Iterable[str], *, everyone: bool = False, wait_s: float = 180.0) -> int:
        """Have probes update themselves and wait until they run the new firmware; how many did not. Raises
        TempHubError."""
        version, probes = self._look()
        wanted = (
            [probe["id"] for probe in probes if outdated(probe, version) and probe["present"]]
            if everyone
            else [named(probes, text) or text for text in ids]
        )
        if not wanted:
            self._say(f"No probe that is here needs an update to {version}.")
        begun = [probe_id for probe_id in wanted if self._begin(probe_id)]
        return len(wanted) - len(begun) + self._await(begun, version, wait_s)

    def trust(self, probe: str, *, yes: bool) -> None:
        """Say yes to a probe, given by id or name, or let it go. Raises TempHubError."""
        probe_id = self._hub.meant(probe)
        self._hub.trust(probe_id, yes=yes)
        self._say(f"{probe_id}: {'this hub takes it' if yes else 'released; another hub can take it now'}.")

    def _begin(self, probe_id: str) -> bool:
        try:
            answer = self._hub.update(probe_id)
        except TempHubError as error:
            self._say(f"{probe_id}: {error.problem} {error.remedy}")
            return False
        self._say(f"{probe_id}: has {answer['had'] or 'an unknown version'}, fetches {answer['version']} …")
        return True

    def _await(self, begun: list[str], version: str, wait_s: float) -> int:
        deadline = time.monotonic() + wait_s
        waiting = list(begun)
        while waiting and wait_s:
            running = {probe["id"] for probe in self._look()[1] if probe["version"] == version}
            for probe_id in [one for one in waiting if one in running]:
                self._say(f"{probe_id}: runs {version}.")
                waiting.remove(probe_id)
            if not waiting or time.monotonic() > deadline:
                break
            time.sleep(self._every_s)
        if wait_s:
            for probe_id in waiting:
                self._say(
                    f"{probe_id}: does not run {version} after {wait_s:g} s. Open the probe's /status page: "
                    "`update` there says why."
                )
            return len(waiting)
        return 0

    def _look(self) -> tuple[str, list[dict[str, Any]]]:
        return self._hub.firmware_version(), self._hub.probes()


def outdated(probe: dict[str, Any], version: str) -> bool:
    """Whether the hub brings another firmware than the probe runs; what never told a version is no probe of
    ours."""
    return bool(probe["version"]) and probe["version"] != version


def _row(probe: dict[str, Any], version: str) -> tuple[str, ...]:
    update = version if outdated(probe, version) else "-"
    address = f"{probe['ip']}:{probe['port']}" if probe["ip"] else "-"
    return (
        probe["id"],
        probe["name"],
        probe["version"] or "-",
        update,
        probe["trust"] or "-",
        address,
        (probe["last_seen"] or "never")[:19],
    )
