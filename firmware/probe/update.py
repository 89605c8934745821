"""Brings a newer firmware from the hub into the spare slot, and judges it after the restart. Sampling and delivery go on meanwhile.

`slots`: see boot_slots.py. `restart()` starts the program anew in a moment; it returns before that happens.
`say(line)` tells a person.
"""

import asyncio

from probe.request import Problem
from probe.rooms import give_up
from probe.waiting import wait_for_event

TRIES = 3
_SIGNS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-?=&"


class Update:
    """One at a time. `report()` is the part of /status that tells of it."""

    def __init__(self, state, net, slots, restart, say, pause_s=5):
        self._state = state
        self._net = net
        self._slots = slots
        self._restart = restart
        self._say = say
        self._pause_s = pause_s
        self._asked = asyncio.Event()
        # What proves that the parts load which a trial does not need.
        self.broken = _first_broken
        self._path = self._sha256 = None
        self._now = {"state": "trial"} if slots.on_trial else _of_failure(slots.failed)

    def report(self):
        """{"state": idle|trial|kept|downloading|checking|restarting|current|failed|went_back, "version"?, "done"?, "of"?, "problem"?}"""
        return self._now

    def ask(self, values, signed=False):
        """POST /update: the answer, at once; the work is done by `run`. Problem when it cannot be. A signed order names the firmware."""
        path = values.get("manifest_url")
        # Only a path: the firmware comes from the hub that this probe already trusts, whoever asks.
        if not isinstance(path, str) or not path.startswith("/") or path.startswith("//") or len(path) > 200 or not _sendable(path):
            raise Problem(400, "bad_manifest_url", "manifest_url is not a path on the hub.", "Send one such as /api/firmware/manifest.")
        sha256 = values.get("sha256") if signed else None
        if signed and not (isinstance(sha256, str) and len(sha256) == 64):
            raise Problem(400, "bad_sha256", "The order does not name the firmware's sha256.", "Send the sha256 of the manifest with it.")
        if not self._state.settings.server_url:
            raise Problem(409, "no_hub", "This probe has no hub to get the firmware from.", "Let a hub provision it first.")
        if self._path or self._slots.on_trial or self._now["state"] == "restarting":
            raise Problem(409, "busy", "An update is under way.", "Wait for it to end; /status tells.")
        self._path = path
        self._sha256 = sha256
        self._now = {"state": "downloading"}
        self._asked.set()
        return {"ok": True, "state": "downloading", "version": self._state.who()["version"]}

    async def run(self):
        """Serve for ever."""
        while True:
            if self._slots.on_trial:
                self.judge()
            if self._path:
                await self._update()
            await wait_for_event(self._asked, 1)

    def judge(self):
        """While on trial: keep this firmware once it delivered, give it up when it did not in time."""
        if self._state.delivered:
            problem = self.broken()
            if problem:
                self._slots.go_back(problem)
                return self._start_anew("a part of the new firmware cannot be loaded, so the one before runs again")
            self._slots.confirm()
            self._now = {"state": "kept", "version": self._state.who()["version"]}
        elif self._state.clock.now() >= self._slots.patience_s * 1000:
            self._slots.go_back(f"It delivered no reading in {self._slots.patience_s} s.")
            self._start_anew("the new firmware delivered nothing, so the one before runs again")

    async def _update(self):
        try:
            for attempt in range(TRIES):
                try:
                    return await self.install(self._path)
                # What came whole is kept: the next attempt only fetches the rest.
                except (OSError, ValueError, MemoryError) as error:
                    self._now = {"state": "failed", "problem": f"The update did not come whole: {error}"[:200]}
                if attempt + 1 < TRIES:
                    await asyncio.sleep(self._pause_s)
            self._state.fault(self._now["problem"] + " Ask for it again from the hub.")
        finally:
            self._path = None

    async def install(self, path):
        """Download, check, switch, restart. OSError, ValueError or MemoryError leave everything as it was."""
        from probe.update_install import Install

        try:
            version = await Install(self._state, self._net, self._slots, self._tell, self._sha256).run(path)
        finally:
            give_up("probe.update_install", "probe.update_fetch", "probe.update_files", "probe.update_manifest")
        if version:
            self._start_anew("starts firmware " + version)

    def _tell(self, **now):
        self._now = now

    def _start_anew(self, why):
        self._now = {"state": "restarting"}
        self._say("update: " + why)
        self._restart()


def _first_broken():
    from probe.rooms_check import first_broken

    try:
        return first_broken()
    finally:
        give_up("probe.rooms_check")


def _of_failure(failed):
    if not failed:
        return {"state": "idle"}
    return {"state": "went_back", "version": failed.get("version", ""), "problem": failed.get("why", "")}


def _sendable(path):
    return all(c in _SIGNS for c in path)
