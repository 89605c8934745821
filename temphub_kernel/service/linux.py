"""Linux: a unit of this user's systemd. Main thread only."""

import os
from pathlib import Path

from ..core import TempHubError, run_system
from .plan import DESCRIPTION, Plan, Standing, or_as_before

UNIT = "temphub.service"
LINGER = (
    "It runs while you are logged on. To have it run from the computer's start on: sudo loginctl "
    "enable-linger {user}"
)


def place() -> Path:
    """Where a user's units live."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "systemd" / "user" / UNIT


def install(plan: Plan) -> str:
    """Write the unit, switch it on and start it. Raises TempHubError with what systemd said."""
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with or_as_before(path) as was_there:
            path.write_text(unit(plan), encoding="utf-8")
            _must("daemon-reload")
            try:
                _must("enable", UNIT)
                _must("restart", UNIT)
            except TempHubError:
                # While systemd still knows the unit: afterwards its link would lead nowhere.
                if not was_there:
                    run_system("systemctl", "--user", "disable", UNIT)
                raise
    except TempHubError:
        run_system("systemctl", "--user", "daemon-reload")
        raise
    user = os.environ.get("USER", "$USER")
    return (
        f"The hub starts by itself when you log on ({path}), and was started now.\n{LINGER.format(user=user)}"
    )


def uninstall() -> str:
    """Stop it, switch it off and remove the unit; the readings stay."""
    path = place()
    if not path.exists():
        raise TempHubError(
            "The hub is not set up to start by itself.",
            "Run `temphub service install` to do so.",
            code="service",
        )
    _must("disable", "--now", UNIT)
    path.unlink(missing_ok=True)
    _must("daemon-reload")
    return "The hub no longer starts by itself. Your readings stay where they are."


def standing() -> Standing:
    """What systemd knows of it."""
    if not place().exists():
        return Standing(False, False)
    code, text = run_system("systemctl", "--user", "is-active", UNIT)
    return Standing(True, code == 0, f"systemd says: {text.strip()}; its log: journalctl --user -u {UNIT}")


def unit(plan: Plan) -> str:
    """The unit's text."""
    stop = [f"DATA_DIR={plan.log.parent}", *plan.command[:3], "stop"]
    return "\n".join(
        [
            "[Unit]",
            f"Description={DESCRIPTION}",
            # However often: a hub that cannot start today may tomorrow.
            "StartLimitIntervalSec=0",
            "",
            "[Service]",
            f"ExecStart={' '.join(quoted(word) for word in plan.command)}",
            f"WorkingDirectory={escaped(str(plan.folder))}",
            "Restart=on-failure",
            # When the first process is killed the rest goes on and replaces it: it is over when nothing is
            # left. A systemd before 250 (2021) ends the rest instead, and starts anew.
            "ExitType=cgroup",
            "RestartSec=1",
            # Who came in its place systemd does not know, so the hub is asked by its own command. Killed is
            # what has not ended after that.
            f"ExecStop=-/usr/bin/env {' '.join(quoted(word) for word in stop)}",
            "KillMode=mixed",
            # Five times the share of a program on the desktop when the processor is wanted by more than it
            # can serve.
            "CPUWeight=500",
            # The same for the disk, where this user's systemd was given that to share out.
            "IOWeight=500",
            "",
            "[Install]",
            "WantedBy=default.target",
            "",
        ]
    )


def quoted(word: str) -> str:
    """A word of a command as systemd reads it: quoted, its own signs doubled."""
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("%", "%%")
    return f'"{text.replace("$", "$$")}"'


def escaped(path: str) -> str:
    """A path that stands for itself, where systemd takes no quotes."""
    return path.replace("%", "%%")


def _must(*words: str) -> None:
    code, text = run_system("systemctl", "--user", *words)
    if code:
        raise TempHubError(
            f"systemd refused `systemctl --user {' '.join(words)}` ({' '.join(text.split())[:200]}), so the "
            "hub does not start at logon.",
            "Log on to this computer directly, not by `su` or `sudo`, and run it again; or start `temphub` "
            "from your desktop's autostart.",
            code="service",
        )
