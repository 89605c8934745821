"""Every command line that help, messages and documents show: really run where that has no lasting effect,
else parsed with its values."""

import contextlib
import functools
import io
import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from support.ports import free_port
from support.running import TempHub
from support.waiting import wait_for
from temphub_kernel.cli.options import parser

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "temphub_kernel"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# They change this computer (a board, the firewall, what starts at logon): parsed, and run with the rest of
# their words elsewhere.
NOT_HERE = ("flash", "firewall", "service")
# They go on until somebody ends them.
GO_ON = ("demo", "probe")
SUBJECT = "TempProbe-0096"


def words(line: str) -> list[str]:
    """A command line as a shell reads it, with something in the place of what differs from case to case."""
    text = re.sub(r'\{[^}"]*\}|\bID\b( …)?', SUBJECT, line.partition(" | ")[0])
    return shlex.split(text, comments=True)


def shown(text: str) -> set[str]:
    """The `temphub …` lines of a document or module: whole lines of shell blocks, and what stands between
    backquotes."""
    blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.S | re.M))
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))
    lines = [line.strip().removeprefix(".venv/bin/") for line in [*blocks.splitlines(), *inline]]
    return {line for line in lines if line == "temphub" or line.startswith("temphub ")}


def printed(*given: str) -> str:
    """What a help says as a process of its own; wide, so that no line is broken."""
    command = [sys.executable, "-m", "temphub_kernel", *given, "--help"]
    env = {**os.environ, "COLUMNS": "1000"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and "usage: temphub" in done.stdout, done.stderr
    return done.stdout


@functools.cache
def helps() -> dict[str, str]:
    """What each `--help` says, by command. Every worker asks when it collects: the parsers are asked here,
    not in a process each."""

    def ask(*given: str) -> str:
        if given == ("probe",):
            # The virtual probe's own program takes these words.
            return printed(*given)
        said = io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(said),
            pytest.raises(SystemExit) as ended,
        ):
            patch.setenv("COLUMNS", "1000")
            parser(list(given)).parse_args([*given, "--help"])
        assert not ended.value.code
        return said.getvalue()

    whole = ask()
    commands = re.findall(r"^    ([a-z-]+)(?: {2,}|$)", whole.split("commands:")[1], re.M)
    assert len(commands) > 12
    return {"": whole, **{name: ask(name) for name in commands}}


def in_helps() -> set[str]:
    """The examples in helps: between backquotes, or behind a colon to the end of the line."""
    lines = [line for text in helps().values() for line in text.splitlines() if not line.startswith("usage:")]
    return set().union(
        *(shown(line) for line in lines),
        {found for line in lines for found in re.findall(r": (temphub .+)$", line)},
    )


def everywhere() -> list[str]:
    """Each command line once, wherever it stands."""
    modules = [path for path in PACKAGE.rglob("*.py") if "_shipped" not in path.parts]
    found = in_helps().union(*(shown(path.read_text(encoding="utf-8")) for path in [*DOCUMENTS, *modules]))
    assert "temphub probe --id TempProbe-0A01 --port 0" in found and len(found) > 30, found
    return sorted(found)


LINES = everywhere()


def takes(given: list[str]) -> str:
    """Empty when the command's own parser takes these words; else what it says against them."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            parser(given).parse_args(given)
        except SystemExit as ended:
            return said.getvalue() if ended.code else ""
    return ""


def is_example(given: list[str]) -> bool:
    """Whether it is a whole command, not just a command's name in a sentence, which may want more words."""
    return len(given) > 1 or given[:1] in (
        [],
        ["probes"],
        ["doctor"],
        ["calibrate"],
        ["strike-out"],
        ["export"],
        ["demo"],
    )


@pytest.mark.parametrize("name", helps())
def test_each_help_is_printed(name: str) -> None:
    """`temphub --help` and the help of each command, as processes of their own, say what the examples here
    are taken from."""
    assert printed(*filter(None, [name])) == helps()[name]


@pytest.mark.parametrize("line", LINES)
def test_a_command_that_is_shown_is_one(line: str) -> None:
    """Whoever types what help, a message or a document shows is understood: command, options and values."""
    given = words(line)[1:]
    if given[:1] == ["probe"]:
        assert set(re.findall(r"(?<!\S)--[a-z-]+", line)) <= set(
            re.findall(r"--[a-z-]+", helps()["probe"])
        ), line
    elif is_example(given):
        assert takes(given) == "", line
    else:
        # Named in a sentence: the command exists.
        assert "invalid choice" not in takes(given), line


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory):
    """A hub that knows the subjects of the examples, with readings at the times that they name."""
    folder = tmp_path_factory.mktemp("commands") / "data"
    folder.mkdir()
    started = TempHub(folder, free_port()).ready()
    for minute in range(10):
        for subject in (SUBJECT, "kiln", "Fridge"):
            body = {"probe_id": subject, "temperature_c": 4.5, "timestamp": f"2026-11-23T12:0{minute}:00Z"}
            assert started.ask("POST", "/api/ingest", body)[0] == 200
    yield started
    assert started.stop() == 0


def run_here(hub: TempHub, given: list[str]) -> "subprocess.CompletedProcess[str]":
    """A command beside the hub, in its data folder."""
    env = {**os.environ, "DATA_DIR": str(hub.data_dir), "PORT": str(hub.port), "INTERFACES": "127.0.0.1"}
    command = [sys.executable, "-m", "temphub_kernel", *given]
    return subprocess.run(
        command, env=env, cwd=hub.data_dir, input="", capture_output=True, text=True, timeout=120, check=False
    )


RUN = [
    line
    for line in LINES
    if is_example(words(line)[1:]) and words(line)[1:2] and words(line)[1] not in (*NOT_HERE, *GO_ON)
]
RUN = [line for line in RUN if not words(line)[1].startswith("-")]
# In the order in which a person would: something has to be struck out or removed before it is taken back.
RUN.sort(key=lambda line: ("--undo" in line or "--restore" in line, line))


def test_a_command_that_is_shown_does_what_it_says(hub: TempHub) -> None:
    """Run beside a hub, one after the other, each example succeeds or says in words what is missing; none
    trips over itself."""
    assert len(RUN) > 12
    ended = {}
    for line in RUN:
        given = words(line)[1:]
        # Removing asks first, and nobody is there to answer.
        done = run_here(
            hub, [*given, *(["--yes"] if "--remove" in given and given[-1] != "--remove" else [])]
        )
        ended[line] = done.returncode
        assert "Traceback" not in done.stderr and done.returncode in (0, 1), f"{line}: {done.stderr}"
        # Problem and remedy, two sentences at least.
        assert done.returncode == 0 or re.search(
            r"[\w)]\.\s+(What to do: )?[A-Z]", done.stderr + done.stdout
        ), f"{line}: {done}"
    refused = {line for line, code in ended.items() if code}
    # These want a probe that is there, waits, was merged or has an update, an alarm of that number, a group,
    # a report, an engine, a back-up, a share and a file, a site, or a hub that does not run; all others
    # succeed.
    wanting = (
        r"update|trust|release|--rebuild-csv|doctor|merge|--acknowledge|--act|report|forward|backup .|restore"
        r"|import|--hive"
    )
    assert not [line for line in refused if not re.search(wanting, line)]


def values(command: str) -> list[tuple[str, str]]:
    """(option, value) of each example that the help of a command gives behind "such as" or "of each"."""
    found = []
    for option, told in re.findall(r"^  (--[a-z-]+) [A-Z]+ +(.+)$", helps()[command], re.M):
        for after in re.findall(r"(?:such as|of each) ([^;(]+)", told):
            found += [
                (option, value)
                for value in re.split(r",? or |, ", after.partition(" instead")[0].strip())
                if " " not in value
            ]
    assert len(found) > 6, helps()[command]
    return found


@pytest.mark.parametrize(("option", "value"), values("export"))
def test_each_example_of_a_value_is_one(hub: TempHub, option: str, value: str) -> None:
    """The times, lengths and zones that the help of `temphub export` names are taken, and an export is made
    with them."""
    done = run_here(hub, ["export", "--out", "-", option, value])
    assert done.returncode == 0 and "probe_id" in done.stdout, done.stderr


def test_the_log_is_rebuilt_as_it_is_shown(tmp_path: Path) -> None:
    """`temphub export --rebuild-csv`, which wants a hub that does not run, writes the log again without
    one."""
    folder = tmp_path / "data"
    folder.mkdir()
    hub = TempHub(folder, free_port()).ready()
    assert hub.ask("POST", "/api/ingest", {"probe_id": SUBJECT, "temperature_c": 4.5})[0] == 200
    assert hub.stop() == 0
    log = (folder / "temperature_log.csv").read_bytes()
    (folder / "temperature_log.csv").unlink()
    done = run_here(hub, ["export", "--rebuild-csv"])
    assert (
        done.returncode == 0
        and (folder / "temperature_log.csv").read_bytes() == log
        and SUBJECT.encode() in log
    ), done.stderr


@pytest.mark.parametrize(
    "line", [line for line in LINES if words(line)[1:2] in (["demo"], ["probe"]) and "--" in line]
)
def test_what_goes_on_starts_as_it_is_shown(line: str, tmp_path: Path) -> None:
    """The demo and the virtual probe of the examples start, say where they are, and end by Ctrl-C."""
    folder = tmp_path / "data"
    folder.mkdir()
    hub = TempHub(folder, free_port(), *words(line)[1:], *(["--no-browser"] if "demo" in line else []))
    try:
        wait_for(lambda: hub.process.poll() is not None or re.search(r"http://|:\d{2,5}", hub.text()), 40)
        assert hub.process.poll() is None, hub.text()
    finally:
        code = hub.stop(signal.SIGINT)
    assert code == 0 and "Traceback" not in hub.text(), hub.text()


def others() -> list[tuple[str, str]]:
    """(document, line) of every other command: whatever else stands in a shell block, or begins with a
    program's name in backquotes."""
    found = []
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        if document.name in ("own-probe.md", "contract.md", "moving.md"):
            continue  # each has a test of its own that executes it
        lines = [
            line
            for block in re.findall(r"^```sh\n(.*?)^```", text, re.S | re.M)
            for line in block.splitlines()
        ]
        inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))
        lines += [
            line
            for line in inline
            if re.match(r"(PYTHONPATH=|python3? |curl |(\S*[/\\])?pip |Start\.bat )", line)
        ]
        found += [
            (document.name, line)
            for line in lines
            if not re.match(r"(\.venv/bin/)?temphub( |$)", line.strip()) and line.strip()
        ]
    assert len(found) > 8
    return found


def files_and_extras(line: str) -> bool:
    """Whether a command of Python, pip or Jupyter names files and extras that are there."""
    pieces = [piece for piece in re.split(r"[ &'\"]+", line) if piece]
    extras = [name for listed in re.findall(r"\.\[([\w,]+)\]", line) for name in listed.split(",")]
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    assert set(extras) <= set(known), line
    named = [piece for piece in pieces if re.search(r"\.(py|ipynb)$", piece) or piece == "docs/pictures"]
    assert all((ROOT / piece).exists() for piece in named), line
    return bool(named or extras)


@pytest.mark.parametrize(("document", "line"), others())
def test_every_other_command_is_one(document: str, line: str, hub: TempHub) -> None:
    """Commands of other programs in the documents: curl's are sent to a hub or a probe, the others name what
    is there."""
    given = shlex.split(line, comments=True) if "\\" not in line else line.split()
    if given[0] == "Start.bat":
        assert takes(given[1:]) == ""
    elif given[0] == "curl" and "/provision" in line:
        body = given[given.index("-d") + 1]
        state = hub.data_dir.parent / "told"
        port = free_port()
        probe = TempHub(
            hub.data_dir, port, "probe", "--id", "TempProbe-0A02", "--port", str(port), "--state", str(state)
        )
        try:
            wait_for(lambda: probe.process.poll() is not None or f":{port}" in probe.text(), 30)
            done = subprocess.run(
                [word.replace("PROBE", f"127.0.0.1:{port}") for word in given],
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
            assert done.returncode == 0 and '"ok"' in done.stdout and "true" in done.stdout.lower(), done
            assert (
                body.partition('"server_url":"')[2].partition('"')[0]
                in probe.ask("GET", "/status")[1]["server_url"]
            )
        finally:
            probe.stop()
    elif given[0] == "curl":
        sent = [word.replace("localhost:8088", f"127.0.0.1:{hub.port}") for word in given]
        done = subprocess.run(sent, capture_output=True, text=True, timeout=30, check=False)
        assert done.stdout == '{"ok":true}', f"{document}: {done}"
    else:
        assert files_and_extras(line) or "jupyterlab" in line, f"{document}: nothing tests {line!r}"
