"""Brings a newer firmware from the hub into the spare slot, and judges it after the restart. Sampling and
delivery go on meanwhile.

`slots`: see boot_slots.py. `restart()` starts the program anew in a moment; it returns before that happens.
`say(line)` tells a person. What an order and an update need is in update_order.py and update_install.py, in
memory only for them.
"""

import asyncio

from probe.rooms import give_up, words
from probe.waiting import wait_for_event


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
        """{"state": idle|trial|kept|downloading|checking|restarting|current|failed|went_back, "version"?,
        "done"?, "of"?, "problem"?}"""
        return self._now

    def ask(self, values, signed=False):
        """POST /update: the answer, at once; the work is done by `run`. Problem when it cannot be. A signed
        order names the firmware."""
        from probe import update_order

        try:
            busy = self._path or self._slots.on_trial or self._now["state"] == "restarting"
            self._path, self._sha256 = update_order.check(
                values, signed, self._state.settings.server_url, busy
            )
        finally:
            give_up("probe.update_order")
        self._now = {"state": "downloading"}
        self._asked.set()
        return {"ok": True, "state": "downloading", "version": self._state.who()["version"]}

    async def run(self):
        """Serve for ever."""
        while True:
            if self._slots.on_trial:
                self.judge()
            if self._path:
                try:
                    await self.install(self._path, True)
                finally:
                    self._path = None
            await wait_for_event(self._asked, 1)

    def judge(self):
        """While on trial: keep this firmware once it delivered, give it up when it did not in time."""
        if self._state.delivered:
            problem = self.broken()
            if problem:
                self._slots.go_back(problem)
                return self._start_anew(words("update_broken"))
            self._slots.confirm()
            self._now = {"state": "kept", "version": self._state.who()["version"]}
        elif self._state.clock.now() >= self._slots.patience_s * 1000:
            self._slots.go_back(words("update_silent", self._slots.patience_s))
            self._start_anew(words("update_no_delivery"))

    async def install(self, path, insist=False):
        """Download, check, switch, restart. OSError, ValueError or MemoryError leave all as it was; `insist`:
        three tries, no error."""
        outbox = self._state.outbox
        outbox.brief = True
        # A full batch and an update do not fit into memory together: one that is on its way ends first.
        while outbox.large:
            await asyncio.sleep(0.1)
        outbox.put_aside(True)
        try:
            from probe.update_install import Install

            work = Install(self._state, self._net, self._slots, self._tell, self._sha256)
            version = await (work.insist(path, self._pause_s) if insist else work.run(path))
        finally:
            give_up(
                "probe.update_install",
                "probe.update_fetch",
                "probe.update_files",
                "probe.update_manifest",
                "probe.address",
            )
            outbox.put_aside(False)
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
