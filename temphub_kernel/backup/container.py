"""A back-up's file: one zip archive with the parts of a data folder under their own names and a manifest.
What may be in it, and reading one that anybody may have given us. Any thread.
"""

import hashlib
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ..core import (
    JOURNAL_FILE,
    KEY_FILE,
    SETTINGS_FILE,
    BadRequest,
    Process,
    TempHubError,
    iso_utc,
    local_text,
    now_ms,
    read_key,
    write_private,
)

FORMAT = 1
MANIFEST, READ_ME = "manifest.json", "READ ME.txt"
# Beside the journal and its months: keys of the hub and of its probes, by whom alarms are told, what was
# changed by whom, the settings in force.
OTHERS = (
    KEY_FILE,
    "temphub.keys.json",
    "temphub.channels.json",
    "temphub_changes.log",
    "temphub_changes.log.1",
    SETTINGS_FILE,
)
# A closed month, or a part of what was imported.
MONTH = re.compile(r"archive/(readings-\d{4}-\d{2}(-\d{1,4})?|imported-[0-9a-f]{1,16}-\d{1,6})\.parquet")
BLOCK_BYTES = 1 << 20
UNFINISHED = ".part"
# Left free on a disk, whatever is copied to it.
SPARE_BYTES = 200_000_000
# A manifest of a thousand months has 200 KB.
MOST_MANIFEST = 8 << 20
# What a file that is cut, changed or none at all makes the library raise.
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError),
    *(ValueError, KeyError, OverflowError),
)
AGAIN = "Use another back-up; `temphub backup --list FILE` says whether one is whole."


@dataclass(frozen=True)
class Part:
    """One file of the data folder. sha256: of its content, in hexadecimal digits."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a back-up says of itself. journal_version: the schema's; given: how many remarks, rules and the
    like; missing, damaged: months whose file was not in the data folder, or not as it was written; times in
    milliseconds since 1970."""

    made_ms: int
    temphub: str
    computer: str
    data_dir: str
    journal_version: int
    readings: int
    from_ms: int
    to_ms: int
    given: dict[str, int]
    parts: list[Part]
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    format: int = FORMAT

    def as_json(self) -> bytes:
        """For the file."""
        return json.dumps(asdict(self), indent=1).encode()

    def words(self) -> str:
        """What is inside, line by line."""
        span = f", {local_text(self.from_ms)} to {local_text(self.to_ms)}" if self.to_ms else ""
        given = ", ".join(f"{called} {count}" for called, count in self.given.items() if count)
        lines = [
            f"Made {local_text(self.made_ms)} by TempHub {self.temphub} on {self.computer}, of "
            f"{self.data_dir}",
            f"{self.readings:,} readings{span}; {given or 'nothing else'}; journal of version "
            f"{self.journal_version}",
            *(f"{part.bytes:>15,}  {part.name}" for part in self.parts),
            *(f"Not in it, because it was not beside the journal: {name}" for name in self.missing),
            *(f"In it as it was, which is damaged: {name}" for name in self.damaged),
        ]
        # It may be anybody's: nothing in it moves a console's cursor.
        return "\n".join("".join(sign if sign.isprintable() else "?" for sign in line) for line in lines)


def file_name(data_dir: Path, at_ms: int) -> str:
    """`temphub-backup-3f09ac-20261130-040000.zip`, by hub and time (UTC): the order of the names is that of
    time."""
    time = iso_utc(at_ms)[:19].translate({ord("-"): None, ord(":"): None, ord("T"): "-"})
    return f"{beginning(data_dir)}{time}.zip"


def beginning(data_dir: Path) -> str:
    """How the names of this hub's back-ups begin, wherever it moves: several hubs may share a folder."""
    return f"temphub-backup-{hashlib.sha256(read_key(data_dir).encode()).hexdigest()[:6]}-"


def is_known(name: str) -> bool:
    """Whether a back-up may have a part of that name; each is a plain name within the data folder."""
    return name == JOURNAL_FILE or name in OTHERS or MONTH.fullmatch(name) is not None


@contextmanager
def opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """A back-up and its manifest, whose names were looked at. Raises TempHubError."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            yield archive, _manifest(path, archive)
    except FileNotFoundError as error:
        raise TempHubError(
            f"There is no file {path}.", "Give the path of a back-up.", code="no_backup"
        ) from error
    except BROKEN as error:
        raise broken(path, str(error)) from error
    except OSError as error:
        raise TempHubError(
            f"The file {path} cannot be read ({error.strerror or error}).",
            "Check the drive or share it lies on, and that you may read it.",
            code="backup_unreadable",
        ) from error


def _manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    """Checked: what it names is there, once, and may be there; nothing else is."""
    names = archive.namelist()
    if MANIFEST not in names or archive.getinfo(MANIFEST).file_size > MOST_MANIFEST:
        raise broken(path, "it has no manifest")
    try:
        told = json.loads(archive.read(MANIFEST))
        if int(told["format"]) > FORMAT:
            raise newer(path, str(told["temphub"]))
        parts = [Part(str(one["name"]), int(one["bytes"]), str(one["sha256"])) for one in told["parts"]]
        manifest = Manifest(**{**told, "parts": parts})
        manifest.words()
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, OSError) as error:
        raise broken(path, "its manifest makes no sense") from error
    strange = [name for name in names if not is_known(name) and name not in (MANIFEST, READ_ME)]
    if strange:
        raise broken(path, f"it has a part {strange[0][:80]!r}, which no back-up has")
    wanted = [part.name for part in parts] + [MANIFEST]
    if sorted(set(names) - {READ_ME}) != sorted(wanted) or len(names) != len(set(names)):
        raise broken(path, "its parts are not those that its manifest names")
    if JOURNAL_FILE not in names:
        raise broken(path, "it has no journal")
    return manifest


class Source(Protocol):
    """What can be read in pieces."""

    def read(self, size: int, /) -> bytes: ...


def pour(source: Source, write: Callable[[bytes], object], most: int | None = None) -> Part:
    """Copy all of a stream in pieces; how much it was, and its SHA-256. most: more than that is refused.
    Raises ValueError, OSError."""
    digest, size = hashlib.sha256(), 0
    while block := source.read(BLOCK_BYTES):
        size += len(block)
        if most is not None and size > most:
            raise ValueError("a part is larger than the manifest says")
        digest.update(block)
        write(block)
    return Part("", size, digest.hexdigest())


def take(path: Path, archive: zipfile.ZipFile, part: Part, write: Callable[[bytes], object]) -> None:
    """Read one part, every byte of it compared with the manifest. Raises TempHubError and what `write`
    raises."""
    with archive.open(part.name) as source:
        poured = pour(source, write, part.bytes)
    if (poured.bytes, poured.sha256) != (part.bytes, part.sha256):
        raise broken(path, f"{part.name} in it is not what the manifest says")


def verify(path: Path) -> Manifest:
    """Read all of a back-up again, and compare it with its manifest. Raises TempHubError."""
    with opened(path) as (archive, manifest):
        for part in manifest.parts:
            take(path, archive, part, lambda _: None)
    return manifest


def broken(path: Path, why: str) -> BadRequest:
    """It cannot be relied on."""
    return BadRequest(
        f"The file {path} is no whole back-up of TempHub ({why}), so nothing of it was used.",
        AGAIN,
        code="backup_broken",
    )


def newer(path: Path, version: str) -> BadRequest:
    """It is of a version yet to come."""
    return BadRequest(
        f"The back-up {path} was made by TempHub {version}, which is newer than this one, so it cannot be "
        "read.",
        f"Install TempHub {version} or newer, and restore it with that.",
        code="backup_newer",
    )


# What is remembered of back-ups in the data folder.
NOTE_FILE = "temphub.backup.json"


def read_note(data_dir: Path) -> dict[str, Any]:
    """`{"made", "made_ms", "file", "bytes", "readings", "verified", "problem", "remedy", "tried_ms"}`; empty
    when none was made or tried. made_ms is 0 as long as none succeeded."""
    try:
        found = json.loads((data_dir / NOTE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    wanted = {**EMPTY, **found} if isinstance(found, dict) else {}
    fits = all(isinstance(wanted[name], type(value)) for name, value in EMPTY.items()) if wanted else False
    return {name: wanted[name] for name in EMPTY} if fits else {}


EMPTY: dict[str, Any] = {
    "made": "",
    "made_ms": 0,
    "file": "",
    "bytes": 0,
    "readings": 0,
    "verified": False,
    "problem": "",
    "remedy": "",
    "tried_ms": 0,
}


def note_made(data_dir: Path, path: Path, size: int, manifest: Manifest) -> None:
    """A back-up was written and read again."""
    wrong = [*manifest.missing, *manifest.damaged]
    told = {
        **{"made": iso_utc(manifest.made_ms), "made_ms": manifest.made_ms, "file": str(path)},
        **{"bytes": size, "readings": manifest.readings, "verified": True, "tried_ms": manifest.made_ms},
        "problem": f"Missing or damaged beside the journal, and so in the back-up: {', '.join(wrong)}."
        if wrong
        else "",
        "remedy": "Put the files back from an older back-up into the folder archive." if wrong else "",
    }
    _write(data_dir, {**EMPTY, **told})


def note_failed(data_dir: Path, problem: str, remedy: str) -> None:
    """None was made; the last one that was stays noted."""
    _write(
        data_dir, {**EMPTY, **read_note(data_dir), "problem": problem, "remedy": remedy, "tried_ms": now_ms()}
    )


def _write(data_dir: Path, told: dict[str, Any]) -> None:
    # A folder that cannot be written is told by whoever wanted to.
    with suppress(OSError):
        write_private(data_dir / NOTE_FILE, json.dumps(told, indent=1))


def drop_left(folder: Path) -> None:
    """Remove what back-ups that were killed have left, here: their half files, and copies of the journal."""
    for path in folder.glob(f"*{UNFINISHED}"):
        words = path.name.removesuffix(UNFINISHED).replace("-", ".").split(".")
        ours = path.name.startswith(("temphub.backup-", "temphub-backup-")) and words[-1].isdecimal()
        if ours and not Process(int(words[-1]), "temphub").runs():
            with suppress(OSError):
                path.unlink()
