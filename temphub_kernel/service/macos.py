"""macOS: an agent of this user's launchd. Main thread only."""

import os
import plistlib
from pathlib import Path

from ..core import TempHubError, run_system
from .plan import Plan, Standing, or_as_before

LABEL = "local.temphub.hub"


def place() -> Path:
    """Where a user's agents live."""
    return Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist"


def install(plan: Plan) -> str:
    """Write the agent and load it, which starts it. Raises TempHubError with what launchd said."""
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True)
    # An older one has to go first: launchd does not take two of one name.
    run_system("launchctl", "bootout", f"{_domain()}/{LABEL}")
    was_there = path.exists()
    try:
        with or_as_before(path):
            path.write_bytes(plist(plan))
            _must("bootstrap", _domain(), str(path))
    except TempHubError:
        if was_there:
            run_system("launchctl", "bootstrap", _domain(), str(path))
        raise
    return f"The hub starts by itself when you log on ({path}), and was started now."


def uninstall() -> str:
    """Stop it and remove the agent; the readings stay."""
    path = place()
    if not path.exists():
        raise TempHubError(
            "The hub is not set up to start by itself.",
            "Run `temphub service install` to do so.",
            code="service",
        )
    run_system("launchctl", "bootout", f"{_domain()}/{LABEL}")
    path.unlink(missing_ok=True)
    return "The hub no longer starts by itself. Your readings stay where they are."


def standing() -> Standing:
    """What launchd knows of it."""
    if not place().exists():
        return Standing(False, False)
    code, text = run_system("launchctl", "print", f"{_domain()}/{LABEL}")
    return Standing(True, code == 0 and "state = running" in text, "launchd")


def plist(plan: Plan) -> bytes:
    """The agent as launchd reads it."""
    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": list(plan.command),
            "WorkingDirectory": str(plan.folder),
            "RunAtLoad": True,
            # Ended by the user it stays ended; after a crash it comes back.
            "KeepAlive": {"SuccessfulExit": False},
            "StandardOutPath": str(plan.log),
            "StandardErrorPath": str(plan.log),
            # What has no window is otherwise held back by macOS: fewer turns, a slower disk, timers that come
            # late.
            "ProcessType": "Interactive",
        }
    )


def _domain() -> str:
    return f"gui/{os.getuid()}" if hasattr(os, "getuid") else "gui/0"


def _must(*words: str) -> None:
    code, text = run_system("launchctl", *words)
    if code:
        raise TempHubError(
            f"launchd refused `launchctl {' '.join(words)}` ({' '.join(text.split())[:200]}), so nothing was "
            "changed.",
            "Log on at this computer's own screen and run it again.",
            code="service",
        )
