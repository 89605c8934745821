"""What goes onto the board: the firmware, compiled where that is possible, and the settings. Main thread."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from ..core import TempHubError, firmware_build

FOLDERS = ("probe", "ports")
ROOT = ("main.py", "boot_slots.py")
MAX_TOKEN = 128


def stage(firmware: Path, to: Path, *, source: bool) -> list[Path]:
    """Lay the firmware out in `to` as it is on a board; the entries of its root. source: as .py even where
    mpy-cross is there.

    Compiled files load faster and leave the board more memory; main.py stays as it is, since MicroPython
    starts only that.
    """
    program = None if source else firmware_build.compiler()
    paths = [firmware / name for name in ROOT]
    for folder in FOLDERS:
        paths += sorted(path for path in (firmware / folder).rglob("*.py") if path.parent.name != "series")
    if len(paths) < 10 or not all(path.is_file() for path in paths):
        raise TempHubError(
            f"The folder {firmware} does not hold the probe's firmware.",
            "Install TempHub again; then it is whole.",
            code="no_firmware",
        )
    sources = {path.relative_to(firmware).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    files = (
        firmware_build.compiled(program, sources)
        if program
        else {name: text.encode() for name, text in sources.items()}
    )
    files["main.py"] = sources["main.py"].encode()
    for name, data in files.items():
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return sorted(to.iterdir())


def settings(*, wifi: str = "", password: str = "", token: str = "", hub: str = "", name: str = "") -> str:
    """The board's settings.json; empty when nothing was given. Raises TempHubError naming the option that
    cannot be used."""
    if len(wifi.encode()) > 32:
        raise _wrong(
            "--wifi", "a network's name has at most 32 bytes", "Write the name as your router shows it."
        )
    if password and not wifi:
        raise _wrong("--password", "it belongs to no network", "Give the network's name with --wifi.")
    if password and not 8 <= len(password.encode()) <= 63:
        raise _wrong(
            "--password", "a Wi-Fi password has 8 to 63 characters", "Write it as it is on your router."
        )
    if len(token) > MAX_TOKEN or not all("!" <= sign <= "~" for sign in token):
        raise _wrong(
            "--token",
            "it holds signs that a probe cannot send",
            f"Use up to {MAX_TOKEN} visible ASCII characters without blanks.",
        )
    if hub and not _is_hub(hub):
        raise _wrong(
            "--hub", f"{hub!r} is not the address of a hub", "Write one such as http://192.168.1.10:8088."
        )
    if len(name) > 64 or not name.isprintable():
        raise _wrong(
            "--name",
            "it is too long or holds signs that cannot be shown",
            "Use up to 64 printable characters.",
        )
    given = {"ssid": wifi, "password": password, "token": token, "server_url": hub.rstrip("/"), "name": name}
    chosen = {key: value for key, value in given.items() if value}
    # In UTF-8 and not as \\uD83C\\uDFE0: MicroPython does not join the two halves of a sign beyond 65,535.
    return json.dumps(chosen, ensure_ascii=False) if chosen else ""


def _is_hub(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme == "http"
        and bool(parts.hostname)
        and port != 0
        and not parts.query
        and not parts.fragment
        and "@" not in text
    )


def _wrong(option: str, why: str, remedy: str) -> TempHubError:
    return TempHubError(f"{option} cannot be used: {why}.", remedy, code="bad_option")
