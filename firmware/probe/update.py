"""Brings a newer firmware from the hub into the spare slot, and judges it after the restart. Sampling and delivery go on meanwhile.

`slots`: see boot_slots.py. `restart()` starts the program anew in a moment; it returns before that happens.
`say(line)` tells a person.
"""

import asyncio
import json

from probe import update_fetch, update_manifest
from probe.request import Problem
from probe.update_files import SlotFiles
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
        self._path = None
        self._now = {"state": "trial"} if slots.on_trial else _of_failure(slots.failed)

    def report(self):
        """{"state": idle|trial|kept|downloading|checking|restarting|current|failed|went_back, "version"?, "done"?, "of"?, "problem"?}"""
        return self._now

    def ask(self, values):
        """POST /update: the answer, at once; the work is done by `run`. Problem when it cannot be."""
        path = values.get("manifest_url")
        # Only a path: the firmware comes from the hub that this probe already trusts, whoever asks.
        if not isinstance(path, str) or not path.startswith("/") or path.startswith("//") or len(path) > 200 or not _sendable(path):
            raise Problem(400, "bad_manifest_url", "manifest_url is not a path on the hub.", "Send one such as /api/firmware/manifest.")
        if not self._state.settings.server_url:
            raise Problem(409, "no_hub", "This probe has no hub to get the firmware from.", "Let a hub provision it first.")
        if self._path or self._slots.on_trial or self._now["state"] == "restarting":
            raise Problem(409, "busy", "An update is under way.", "Wait for it to end; /status tells.")
        self._path = path
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
                except (update_fetch.Failed, OSError, ValueError) as error:
                    self._now = {"state": "failed", "problem": f"The update did not come whole: {error}"[:200]}
                if attempt + 1 < TRIES:
                    await asyncio.sleep(self._pause_s)
            self._state.fault(self._now["problem"] + " Ask for it again from the hub.")
        finally:
            self._path = None

    async def install(self, path):
        """Download, check, switch, restart. Failed, OSError or ValueError leave everything as it was."""
        version, files = await self._manifest(path)
        if version == self._state.who()["version"]:
            self._now = {"state": "current", "version": version}
            return
        slot = self._slots.spare()
        place = SlotFiles(self._slots.disk, self._slots.path(slot))
        place.make_room(files)
        for done, (name, size, sha256) in enumerate(files):
            self._now = {"state": "downloading", "version": version, "done": done, "of": len(files)}
            if not await place.holds(name, size, sha256):
                await self._fetch(path, place, name, size)
        self._now = {"state": "checking", "version": version}
        for name, size, sha256 in files:
            # Read back from the flash: what counts is what will be started.
            if not await place.holds(name, size, sha256):
                place.remove(name)
                raise ValueError(f"{name} is damaged")
        self._slots.try_next(slot, version)
        self._start_anew("starts firmware " + version)

    async def _manifest(self, path):
        raw = bytearray()
        settings = self._state.settings
        await update_fetch.fetch(self._net, settings.server_url, path, settings.token, raw.extend, update_manifest.MAX_MANIFEST)
        return update_manifest.check(json.loads(raw))

    async def _fetch(self, path, place, name, size):
        settings = self._state.settings
        # Beside the manifest: /api/firmware/manifest -> /api/firmware/file?name=…
        beside = path.split("?")[0].rsplit("/", 1)[0] + "/file?name=" + name
        with place.writing(name) as file:
            await update_fetch.fetch(self._net, settings.server_url, beside, settings.token, file.write, size)

    def _start_anew(self, why):
        self._now = {"state": "restarting"}
        self._say("update: " + why)
        self._restart()


def _of_failure(failed):
    if not failed:
        return {"state": "idle"}
    return {"state": "went_back", "version": failed.get("version", ""), "problem": failed.get("why", "")}


def _sendable(path):
    return all(c in _SIGNS for c in path)
