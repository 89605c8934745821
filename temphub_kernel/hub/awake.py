"""Keeps this computer from going to sleep by itself while the hub runs. One thread; `awake` from any.

A closed lid, an empty battery and a person who sends it to sleep are stronger.
"""

import logging
from pathlib import Path

from ..base.worker import Worker

log = logging.getLogger(__name__)
POWER_STATE = Path("/sys/power/state")


class Awake(Worker):
    """awake: whether the system agreed. Where it did not, the log says so once; nothing else depends on it."""

    def __init__(self) -> None:
        super().__init__("awake")
        self.awake = False

    def run(self) -> None:
        # Only here: it brings D-Bus with it on Linux, and the hub's first reading should not wait for that.
        from wakepy import keep

        with keep.running(on_fail="pass") as mode:
            self.awake = bool(mode.active)
            if not self.awake and can_sleep():
                log.warning(
                    "This system does not let the hub keep the computer awake; when it goes to sleep nothing is recorded. "
                    "Switch automatic sleep off in its power settings."
                )
            self.stopping.wait()
        self.awake = False


def can_sleep(states: Path = POWER_STATE) -> bool:
    """False on a Linux without any sleep mode, as servers and virtual machines have it; True when in doubt."""
    try:
        return bool(states.read_text(encoding="ascii").strip())
    except OSError:
        return True
