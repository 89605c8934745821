"""The question to the person at the start, asked once: may probes come in? Main thread; never keeps the hub
from starting."""

import sys
import time
from collections.abc import Callable, Iterable, Mapping

from ..core import Settings, TempHubError, describe
from . import posix, windows

ASKED_FILE = "temphub.firewall-asked"
ANSWER_S = 45.0
Ask = Callable[[str, float], str]
WHY = """
The Windows firewall does not let probes reach this hub yet.
TempHub can add two rules, for private networks only: TCP port {port} (readings and the page) and
UDP port 5353 (finding probes).
Windows will ask for an administrator's consent."""


def offer(
    port: int, say: Callable[[str], None], ask: Ask, *, found: windows.Policy | None, profiles: Iterable[str]
) -> bool:
    """Explain, ask, add the rules. True when probes get through now. Raises TempHubError when Windows
    refused."""
    closed = verdicts(port, found, profiles)
    if not closed:
        say("The firewall lets probes in.")
        return True
    say(WHY.format(port=port))
    for rule in {rule.id: rule for one in closed for rule in one.blocking}.values():
        say(
            f'The rule "{rule.name}" forbids it and is removed: somebody answered "Cancel" when Windows '
            "asked about Python."
        )
    if ask("Add the rules now? [y/N] ", ANSWER_S).strip().lower()[:1] not in ("y", "j", "o", "s"):
        say("Not now. `temphub firewall` asks again; `temphub doctor` says how things are.")
        return False
    windows.allow(port, [rule for one in closed for rule in one.blocking])
    return True


def verdicts(port: int, found: windows.Policy | None, profiles: Iterable[str]) -> list[windows.Verdict]:
    """What does not get through; empty when all does, or when the firewall is not the Windows one."""
    if found is None:
        return []
    each = [
        windows.verdict(found, protocol, number, windows.programs(), profiles)
        for protocol, number in windows.wanted(port)
    ]
    return [one for one in each if not one.open]


def firewall(say: Callable[[str], None], *, once: bool) -> int:
    """`temphub firewall`: 1 when probes do not get in, 0 otherwise. Raises TempHubError.

    once: at the first start on Windows with somebody at the console, and never again; always 0, and no error.
    """
    found = windows.policy()
    if once:
        if found is not None and not windows.no_console():
            ask_once(say, found)
        return 0
    settings = Settings.from_environ()
    if found is None:
        seen = posix.firewall_of_posix(settings.port)
        say(f"{seen.said} {seen.remedy}".strip())
        return 1 if seen.closed else 0
    return 0 if offer(settings.port, say, console, found=found, profiles=profiles()) else 1


def ask_once(say: Callable[[str], None], found: windows.Policy, ask: "Ask | None" = None) -> None:
    """Ask unless that was done before on this data folder. Never raises: the hub starts whatever comes of
    it."""
    try:
        settings = Settings.from_environ()
        marker = settings.data_dir / ASKED_FILE
        if marker.exists():
            return
        # Before the question: a window closed over it is an answer too.
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        marker.write_text(
            "The question about the Windows firewall was asked. `temphub firewall` asks again.\n",
            encoding="utf-8",
        )
        if verdicts(settings.port, found, profiles()):
            offer(settings.port, say, ask or console, found=found, profiles=profiles())
    except (TempHubError, OSError) as error:
        problem, remedy = describe(error)
        say(f"{problem} {remedy}")


def profiles(networks: Mapping[str, str] | None = None) -> list[str]:
    """The profiles on which probes are to get in: those of the connected networks, but never public ones;
    private ones when in doubt."""
    found = windows.categories() if networks is None else networks
    return sorted(set(found.values()) - {windows.PUBLIC}) or [windows.PRIVATE]


def console(prompt: str, wait_s: float) -> str:
    """One line from the keyboard; empty when none comes in time."""
    if sys.platform != "win32":
        return input(prompt)
    import msvcrt

    sys.stdout.write(prompt)
    sys.stdout.flush()
    typed, deadline = "", time.monotonic() + wait_s
    while time.monotonic() < deadline:
        if not msvcrt.kbhit():
            time.sleep(0.05)
            continue
        key = msvcrt.getwche()
        if key in "\r\n":
            break
        typed += key
    sys.stdout.write("\n")
    return typed
