"""Start.bat, as far as it can be judged by reading it."""

import re

from install.tiny import CHECKOUT
from temphub_kernel.core.settings import ALLOWED, Settings

BYTES = (CHECKOUT / "Start.bat").read_bytes()
LINES = BYTES.decode("ascii").split("\r\n")
CODE = [line.strip() for line in LINES if line.strip() and not line.startswith("rem ")]


def test_it_has_the_line_ends_of_windows_and_keeps_them_in_git() -> None:
    """cmd loses its way among labels in a file with Unix line ends."""
    assert BYTES.count(b"\n") == BYTES.count(b"\r\n") > 50
    assert "*.bat text eol=crlf" in (CHECKOUT / ".gitattributes").read_text().splitlines()


def test_every_setting_can_be_set_at_its_top() -> None:
    """Each setting stands there commented out, with the default that the hub really has."""
    offered = dict(re.findall(r'^rem set "(\w+)=(.*)"$', "\n".join(LINES), re.MULTILINE))
    assert ALLOWED.keys() <= offered.keys()
    told = {name: value for name, value in offered.items() if name in ALLOWED and value}
    default, same = Settings.from_environ({}, CHECKOUT), Settings.from_environ(told, CHECKOUT)
    assert same == default
    assert told.keys() >= {"HOST", "PORT", "CSV_FILE", "DEFAULT_INTERVAL_MS", "LOG_LEVEL"}


def test_every_jump_has_its_place_and_every_place_its_jump() -> None:
    """No `goto` or `call` leads nowhere, and no part is left over."""
    labels = {line[1:] for line in CODE if line.startswith(":")}
    jumps = {
        name
        for line in CODE
        for name in re.findall(r"\bgoto (\w+)|call :(\w+)", line)
        for name in name
        if name
    }
    assert labels - jumps <= {"start", "finish"}, "these two are walked into"
    assert jumps <= labels and len(labels) > 5


def test_every_problem_ends_in_a_pause() -> None:
    """The window never closes over a message: the only ways out are a good end, and the one after the
    pause."""
    subroutines = CODE.index(":launcher")
    ways_out = [number for number, line in enumerate(CODE[:subroutines]) if "exit /b" in line]
    assert [CODE[number] for number in ways_out] == ['if "%CODE%"=="0" exit /b 0', "exit /b %CODE%"]
    assert CODE[ways_out[1] - 1] == "if not defined TEMPHUB_NO_PAUSE pause"
    assert all(line.endswith("exit /b 0") for line in CODE[subroutines:] if "exit /b" in line)


def test_the_window_gets_its_code_page_back() -> None:
    """UTF-8 is in force while the settings are read and no longer: an open window reads as before, also after
    Ctrl-C."""
    pages = [(number, line) for number, line in enumerate(LINES) if "chcp" in line]
    assert [line for _, line in pages] == [
        'for /f "tokens=2 delims=:." %%C in (\'chcp\') do set "CODEPAGE=%%C"',
        "chcp 65001 >nul",
        "if defined CODEPAGE chcp %CODEPAGE% >nul",
    ]
    settings = [number for number, line in enumerate(LINES) if line.startswith('rem set "')]
    assert pages[1][0] < settings[0] and settings[-1] < pages[2][0] < LINES.index(":search")


def test_it_is_plain_enough_for_every_cmd() -> None:
    """No blocks in brackets, no command behind another, no delayed expansion: what breaks on paths with ( ) &
    ! is not used."""
    bare = [re.sub(r'"[^"]*"', "", line) for line in CODE if not re.search(r"\becho\b", line)]
    assert not [
        line for line in bare if "&" in line or "!" in line or line.count("(") > line.startswith("for ")
    ]
    assert not [line for line in bare if line.count("for %%") > 1]


def test_a_fetched_python_is_run_only_when_it_is_signed() -> None:
    """The installer comes from python.org by an encrypted connection, and its signature is looked at before
    it is started."""
    script = (CHECKOUT / "temphub_kernel" / "get-python.ps1").read_text(encoding="ascii")
    addresses = re.findall(r"\bhttps?://[^/\"']+", script)
    assert addresses == ["https://www.python.org"]
    checked, refused, run = (
        script.index(word) for word in ("Get-AuthenticodeSignature", "exit 3", "Start-Process $file")
    )
    assert checked < refused < run
    assert "InstallAllUsers=0" in script and set(re.findall(r"exit (\d)", script)) == {"0", "2", "3", "4"}
