"""Which firmware runs: the one flashed over USB, or a newer one that came over the air. Never updated over
the air itself.

The folder holds `slot_a/` and `slot_b/`, each a whole firmware, and `slot.json`: {"good", "trial", "tries",
"version", "failed"}. "good" and "trial" name a slot; "" is the flashed firmware, which nothing here ever
touches. Every change is one rename, so a power cut at any moment leaves the state before or the state after.
Knows no hardware, no network and no clock.
"""

import json
import os

NAME = "slot.json"
SLOTS = ("slot_a", "slot_b")
# Starts that a new firmware gets to deliver a reading in: a watchdog or a power cut ends a start early.
MAX_TRIES = 3
PATIENCE_S = 300


class Disk:
    """What is done to files; the tests stop it half-way."""

    def __init__(self):
        # CPython on Windows renames onto an existing file only with replace(); MicroPython has only rename(),
        # which does replace.
        self.rename = getattr(os, "replace", os.rename)
        self.remove = os.remove
        self.mkdir = os.mkdir
        self.rmdir = os.rmdir
        self.listdir = os.listdir
        self.open = open

    def flush(self, file):
        """Bring what was written onto the disk; on a board closing does that."""
        file.flush()
        if hasattr(os, "fsync"):
            os.fsync(file.fileno())


class Slots:
    """Call `choose()` once at the start; then `confirm()` or `go_back(why)` end a trial. `again`: the program
    shall start anew."""

    def __init__(self, folder, disk=None):
        """`folder`: "" for the root of a board. A `trial_s` in its settings.json shortens the five
        minutes."""
        self._folder = folder + "/" if folder else ""
        self.disk = disk or Disk()
        self.again = False
        self.starts = 0
        self.running = ""
        self.on_trial = False
        self._state = _checked(self._load(NAME))
        patience_s = self._load("settings.json").get("trial_s")
        self.patience_s = (
            patience_s if isinstance(patience_s, int) and 0 < patience_s < PATIENCE_S else PATIENCE_S
        )

    @property
    def failed(self):
        """{"version", "why"} of the last firmware that was given up, else None."""
        return self._state.get("failed")

    def path(self, slot):
        """Where a slot's files are."""
        return self._folder + slot

    def choose(self):
        """The slot to run now, "" = the flashed firmware. A trial's start is counted before it happens."""
        state = self._state
        self.starts += 1
        self.again = self.on_trial = False
        trial = state.get("trial")
        if trial and state.get("tries", 0) >= MAX_TRIES:
            self.go_back(f"It was started {MAX_TRIES} times and never delivered a reading.")
        elif trial:
            self._save(dict(state, tries=state.get("tries", 0) + 1))
            self.running = trial
            self.on_trial = True
            return trial
        self.running = self._state.get("good", "")
        if self.running and not self._has(self.running):
            self.running = ""
        return self.running

    def spare(self):
        """The slot that a download may overwrite: never the one that runs, nor the one to go back to."""
        return SLOTS[1] if SLOTS[0] in (self.running, self._state.get("good")) else SLOTS[0]

    def try_next(self, slot, version):
        """From the next start on, `slot` is on trial."""
        self._save({"good": self._state.get("good", ""), "trial": slot, "tries": 0, "version": version})

    def confirm(self):
        """The firmware on trial delivered: it is the good one from now on."""
        if self.on_trial:
            self._save({"good": self.running})
            self.on_trial = False

    def go_back(self, why):
        """Give up the firmware on trial; the next start runs the good one."""
        self._save(
            {
                "good": self._state.get("good", ""),
                "failed": {"version": self._state.get("version", ""), "why": why[:200]},
            }
        )
        self.on_trial = False

    def crashed(self, error, loaded):
        """The running firmware ended with `error`. True when another one is to be started instead.

        A good one that cannot even be loaded has a damaged file: then only the flashed one is left.
        """
        if self.on_trial:
            self.go_back(f"It ended with {error!r}.")
            return True
        if self.running and not loaded:
            self._save(
                {
                    "good": "",
                    "failed": {
                        "version": self.running,
                        "why": f"It cannot be loaded any more: {error!r}."[:200],
                    },
                }
            )
            return True
        return False

    def guard(self, timer, reset):
        """End a trial from outside the new firmware, should that hang. `timer(ms, late)` calls `late` once,
        `reset()` starts anew."""

        def late(_):
            if self.on_trial:
                self.go_back(f"It hung, or delivered no reading in {self.patience_s} s.")
                reset()

        if self.on_trial:
            # Later than the firmware's own watch, which knows the reason better.
            timer((self.patience_s + 30) * 1000, late)

    def _has(self, slot):
        try:
            return bool(self.disk.listdir(self.path(slot)))
        except OSError:
            return False

    def _load(self, name):
        try:
            with self.disk.open(self._folder + name) as file:
                value = json.load(file)
        except (OSError, ValueError):
            # Missing is the usual state; damaged cannot come from us, and the flashed firmware always runs.
            return {}
        return value if isinstance(value, dict) else {}

    def _save(self, state):
        path = self._folder + NAME
        with self.disk.open(path + ".new", "w") as file:
            file.write(json.dumps(state))
            self.disk.flush(file)
        self.disk.rename(path + ".new", path)
        self._state = state


def _checked(state):
    names = ("",) + SLOTS
    right = (
        state.get("good", "") in names
        and state.get("trial", "") in names
        and isinstance(state.get("tries", 0), int)
    )
    return state if right and isinstance(state.get("failed", {}), dict) else {}
