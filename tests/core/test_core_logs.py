"""What the log holds: one style of line on console and in the file, nothing of other libraries' noise; the
file stays small."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from temphub_kernel.core import logs
from temphub_kernel.core.logs import AGAIN_S, HELD_BYTES, LOG_FILE, MOST_BYTES, OLDER, PassedOn

STYLE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (DEBUG|INFO|WARNING|ERROR) +[a-z]+: .+")
OURS = "temphub_kernel.journal.writer"


class Console:
    """What was said so far: what standard error got, then standard output."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys, self._out, self._err = capsys, "", ""

    def getvalue(self) -> str:
        out, err = self._capsys.readouterr()
        self._out, self._err = self._out + out, self._err + err
        return self._err + self._out


@pytest.fixture
def console(capsys: pytest.CaptureFixture[str]) -> Iterator[Console]:
    """Standard output and error, with the log as in a process of its own."""
    root, ours = logging.getLogger(), logging.getLogger(logs.OURS)
    before = root.handlers[:], root.level, ours.level
    root.handlers = []
    yield Console(capsys)
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level, ours.level = before
    for name in logs.SPEAK_FOR:
        logging.getLogger(name).setLevel(logging.NOTSET)
    # Levels are remembered by logger; setting one forgets them.
    ours.setLevel(before[2])


def text_of(folder: Path) -> str:
    return (folder / LOG_FILE).read_text(encoding="utf-8")


def test_one_style_on_console_and_in_the_file(console: Console, tmp_path: Path) -> None:
    """Whoever speaks, a part of the hub, the start or a library: date, level, who, what; the file has what
    the console has."""
    logs.set_up("INFO")
    logs.keep(tmp_path)
    logging.getLogger(OURS).info("a batch of %d", 3)
    logging.getLogger(OURS).debug("not for INFO")
    logging.getLogger("zeroconf").warning("a library warns")
    logging.getLogger("zeroconf").info("a library chats")
    logs.say("TempHub is running. Page: http://127.0.0.1:8088")
    lines = console.getvalue().splitlines()
    assert text_of(tmp_path).splitlines() == lines
    assert [line.partition(" ")[2].partition(" ")[2] for line in lines] == [
        "INFO    journal: a batch of 3",
        "WARNING zeroconf: a library warns",
        "INFO    temphub: TempHub is running. Page: http://127.0.0.1:8088",
    ]
    assert all(STYLE.fullmatch(line) for line in lines)


def test_the_page_address_is_said_at_any_level(console: Console, tmp_path: Path) -> None:
    """LOG_LEVEL=ERROR hides warnings, not where the page is; what cannot be shown by the console is replaced,
    never an error."""
    logs.set_up("ERROR")
    logs.keep(tmp_path)
    logging.getLogger(OURS).warning("hidden")
    logs.say("data folder: Meßdaten")
    logs.note("only in the file")
    assert "hidden" not in console.getvalue() and "data folder: Meßdaten" in console.getvalue()
    assert "only in the file" in text_of(tmp_path) and "only in the file" not in console.getvalue()


def test_who_left_is_no_news(console: Console, tmp_path: Path) -> None:
    """A browser that left leaves no trace of five lines; a real fault of a library keeps its own."""
    logs.set_up("INFO")
    logs.keep(tmp_path)

    class WebSocketClosedError(Exception):
        pass

    for name in ("tornado.application", "asyncio"):
        for fault in (WebSocketClosedError(), ValueError("a fault")):
            logging.getLogger(name).error("Future exception was never retrieved", exc_info=fault)
    logging.getLogger("tornado.access").warning("403 POST /v/voila/api/shutdown/0")
    logging.getLogger("wakepy.core.mode").info("The full list of prioritized wakepy Methods")
    assert console.getvalue().count("ValueError: a fault") == 2
    for text in (console.getvalue(), text_of(tmp_path)):
        assert not [word for word in ("WebSocketClosed", "403", "wakepy") if word in text]


def test_lines_of_the_hub_come_whole(console: Console, tmp_path: Path) -> None:
    """What the hub's process says comes in pieces and lands as it was, line by line, whatever the level is
    here; an endless line is cut."""
    logs.set_up("ERROR")
    logs.keep(tmp_path)
    passed = PassedOn()
    for piece in (
        "2026-01-01 00:00:00 INFO    api: fir",
        "st\n2026-01-01 00:00:00 INFO    api: second\nthi",
        "rd\n",
    ):
        passed.take(piece)
    expected = ["2026-01-01 00:00:00 INFO    api: first", "2026-01-01 00:00:00 INFO    api: second", "third"]
    assert text_of(tmp_path).splitlines() == expected == console.getvalue().splitlines()
    passed.take("x" * MOST_BYTES)
    assert "xxx" in text_of(tmp_path)


def test_the_file_stays_small(console: Console, tmp_path: Path) -> None:
    """At a megabyte it is put aside; three older ones are kept, no line is torn or lost between them."""
    logs.set_up("INFO")
    logs.keep(tmp_path)
    for number in range(6 * MOST_BYTES // 1000):
        logging.getLogger(OURS).info("%06d %s", number, "x" * 940)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == [LOG_FILE, *(f"{LOG_FILE}.{n}" for n in range(1, OLDER + 1))]
    assert all(file.stat().st_size <= MOST_BYTES for file in files)
    seen = [
        int(line.split()[4])
        for file in [*files[:0:-1], files[0]]
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    assert seen == list(range(seen[0], 6 * MOST_BYTES // 1000))


def test_a_file_that_is_held_stops_nobody(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows while another program has it open: it goes on growing, up to a bound, and is put aside as
    soon as that works."""
    now_s = [0.0]
    monkeypatch.setattr(logs, "monotonic_s", lambda: now_s[0])
    logs.set_up("INFO")
    file = logs.keep(tmp_path)

    def held(source: str, target: str) -> None:
        raise PermissionError(
            13, "The process cannot access the file because it is being used by another process", source
        )

    file.rotator = held
    for number in range(8 * MOST_BYTES // 10_000):
        logging.getLogger(OURS).info("%d %s", number, "x" * 10_000)
    assert HELD_BYTES < (tmp_path / LOG_FILE).stat().st_size < HELD_BYTES + 20_000
    assert "Traceback" not in console.getvalue() and "Logging error" not in console.getvalue()
    file.rotator = None
    now_s[0] = AGAIN_S + 1
    logging.getLogger(OURS).info("free again")
    assert "free again" in text_of(tmp_path) and (tmp_path / LOG_FILE).stat().st_size < 1000
    assert (tmp_path / f"{LOG_FILE}.1").stat().st_size > HELD_BYTES


def test_a_folder_that_cannot_be_written_is_said_once(console: Console, tmp_path: Path) -> None:
    """The hub goes on without its log file, and says so in one sentence, not at each line."""
    (tmp_path / LOG_FILE).mkdir()
    logs.set_up("INFO")
    logs.keep(tmp_path)
    for number in range(3):
        logging.getLogger(OURS).info("line %d", number)
    assert console.getvalue().count("cannot be written") == 1 and "line 2" in console.getvalue()
    assert "Traceback" not in console.getvalue()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file whose disk is always full")
def test_a_full_disk_hides_no_problem_at_the_end(capsys):
    """What waits to be written is lost, said once; closing the file raises nothing that would stand in the
    way of the true reason."""
    file = logs.LogFile(Path("/dev/full"))
    for _ in range(3):
        file.handle(logging.LogRecord("temphub_kernel", logging.INFO, "", 0, "a line", None, None))
    file.close()
    assert capsys.readouterr().err.count("cannot be written") == 1


def test_thousands_of_made_up_names_do_not_flood_the_log(caplog, monkeypatch):
    """So many different warnings of one kind an hour; that more are left out is said once, and an hour later
    they are said again."""
    now = [1000.0]
    monkeypatch.setattr(logs, "monotonic_s", lambda: now[0])
    once = logs.Once(logging.getLogger(OURS))
    for hour in range(2):
        caplog.clear()
        now[0] += 2 * logs.HOUR_S
        for number in range(5 * logs.MOST_AN_HOUR):
            once.warn(f"{hour} {number}", f"The advert {number} is none.")
        said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        assert (
            len(said) == logs.MOST_AN_HOUR + 1
            and "further ones are only shown with LOG_LEVEL=DEBUG" in said[-1]
        )
