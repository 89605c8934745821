"""Where a lake lies: a folder of this computer, or an address that fsspec reaches (s3://, memory://, sftp://
…). Any thread.

Files there are <folder>/site=<name>/month=<YYYY-MM>/<…>.parquet. One is replaced at once or not at all: what
is half made lies beside it under a name that no reader takes for Parquet, or, in an object store, nowhere.
"""

from __future__ import annotations

import calendar
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit
from urllib.request import url2pathname

from ..core import DAY_MS, EPOCH, MILLISECOND, HubFault, TempHubError

MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
PLACE = re.compile(r"site=(?P<site>[^/\\]*)[/\\]month=(?P<month>[^/\\]+)[/\\][^./\\_][^/\\]*\.parquet")
FILE = "readings.parquet"
# Where what is put there is there when all of it is, and not before; to move it would copy it.
OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss"}


class File(NamedTuple):
    """A file of a site's month, and where it is."""

    path: str
    site: str
    month: str


def month_ms(month: str) -> tuple[int, int]:
    """[first, end) of `2026-11` by UTC."""
    year, number = map(int, month.split("-"))
    first = datetime(year, number, 1, tzinfo=timezone.utc)
    first_ms = (first - EPOCH) // MILLISECOND
    return first_ms, first_ms + calendar.monthrange(year, number)[1] * DAY_MS


class Target:
    """A lake's folder. Raises TempHubError for an address that nothing reads or writes."""

    def __init__(self, address: str, options: Mapping[str, Any] | None = None) -> None:
        """options: what fsspec takes for that kind of address; what it finds by itself (the environment, the
        files of a cloud's own tools) need not be given."""
        self._address, self._options = str(address), dict(options or {})
        parts = urlsplit(self._address) if "://" in self._address else None
        if parts is not None and parts.scheme in ("http", "https"):
            raise TempHubError(
                f"The address {self.shown} is that of a web server, which lists no folders.",
                "Give a folder, or an address such as s3://bucket/lake.",
                code="bad_target",
            )
        # What fsspec would do with it as well, but atomically.
        local = parts is None or parts.scheme in ("file", "local")
        path = self._address if parts is None else url2pathname(parts.netloc + parts.path)
        self.folder = Path(path).expanduser().absolute() if local else None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._address, self._options)

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return type(self).__name__, self._address, sorted(self._options.items())

    @property
    def shown(self) -> str:
        """Its address without name and password."""
        head, sign, rest = self._address.partition("://")
        return f"{head}{sign}{rest.rpartition('@')[2]}"[:200]

    def files(self) -> list[File]:
        """All files of months, by site and month. Raises TempHubError when the folder cannot be read."""
        if self.folder is not None:
            root, paths = str(self.folder), map(str, self.folder.glob("site=*/month=*/*.parquet"))
        else:
            fs, root = self._afar
            with self._in_words("cannot be read"):
                # What others put there since is there, too.
                fs.invalidate_cache()
                paths = iter(fs.find(root))
        found = []
        for path in paths:
            place = PLACE.fullmatch(path.removeprefix(root).lstrip("/\\"))
            if place is not None and MONTH.fullmatch(place["month"]):
                found.append(File(path, unquote(place["site"]), place["month"]))
        return sorted(found, key=lambda file: (file.site, file.month, file.path))

    @contextmanager
    def opened(self, path: str) -> Iterator[str | IO[bytes]]:
        """A file to read: its path on this computer, or open. Raises TempHubError when it cannot be read."""
        if self.folder is not None:
            yield path
            return
        with self._in_words("cannot be read"):
            source = self._afar[0].open(path, "rb")
        # What is done with it meanwhile has errors of its own.
        with self._in_words("cannot be read", OSError), source:
            yield source

    @contextmanager
    def room(self) -> Iterator[Path]:
        """A folder of this computer for a file that is half made, gone afterwards: on the disk of the lake,
        or where temporary files are."""
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
        # Readers pass over what begins with a dot.
        made = tempfile.mkdtemp(prefix=".temphub-exporting-", dir=self.folder)
        try:
            yield Path(made)
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def put(self, made: Path, site: str, month: str) -> None:
        """Have a file of `room` be the file of a site's month: at once, or not at all. Raises TempHubError,
        for a folder of this computer OSError."""
        place = f"site={_escaped(site)}/month={month}"
        if self.folder is not None:
            final = self.folder / place / FILE
            final.parent.mkdir(parents=True, exist_ok=True)
            made.replace(final)
            return
        fs, root = self._afar
        path = f"{root.rstrip('/')}/{place}/{FILE}"
        with self._in_words("takes no file; what stood there is unchanged"):
            if not OBJECT_STORES.isdisjoint([fs.protocol] if isinstance(fs.protocol, str) else fs.protocol):
                fs.put_file(str(made), path)
                return
            half = f"{root.rstrip('/')}/{place}/.{secrets.token_hex(8)}.part"
            try:
                fs.makedirs(f"{root.rstrip('/')}/{place}", exist_ok=True)
                fs.put_file(str(made), half)
                fs.mv(half, path)
            except BaseException:
                with suppress(Exception):
                    fs.rm_file(half)
                raise

    @cached_property
    def _afar(self) -> tuple[Any, str]:
        """(what reaches it, the folder as that calls it)."""
        try:
            import fsspec
        except ImportError as error:
            raise not_installed(f"fsspec, which reaches {self.shown},", error) from error
        try:
            fs, root = fsspec.core.url_to_fs(self._address, **self._options)
        except ImportError as error:
            raise TempHubError(
                f"What reaches {self.shown} is not installed ({error}).",
                "Install it into TempHub's Python: for s3:// by "
                'pip install ".[s3]" in the folder of TempHub; gcsfs for gs://, adlfs for abfs://, paramiko '
                "for sftp://.",
                code="not_installed",
            ) from error
        except ValueError as error:
            raise TempHubError(
                f"The address {self.shown} is of a kind that fsspec does not know ({error}).",
                "Give a folder, or an address such as s3://bucket/lake.",
                code="bad_target",
            ) from error
        return fs, str(root)

    @contextmanager
    def _in_words(self, what: str, kind: type[Exception] = Exception) -> Iterator[None]:
        """kind: of errors; each kind of store has some of its own."""
        try:
            yield
        except TempHubError:
            raise
        except kind as error:
            said = str(error).strip() or type(error).__name__
            raise HubFault(
                f"{self.shown} {what} ({said[:300]}).", _remedy(error), code="target_unusable"
            ) from error


def _remedy(error: Exception) -> str:
    again = "then run it again: what is there already is not sent a second time."
    if isinstance(error, FileNotFoundError):
        return f"Look at the name of the bucket or folder in the address, or make it there; {again}"
    # Whoever raises one of its own has it loaded.
    store = sys.modules.get("botocore.exceptions")
    no_keys = () if store is None else (store.NoCredentialsError, store.PartialCredentialsError)
    if isinstance(error, (PermissionError, *no_keys)):
        return (
            "Give keys that may read and write there, for s3:// in AWS_ACCESS_KEY_ID and "
            f'AWS_SECRET_ACCESS_KEY, or in a notebook with options={{"key": …, "secret": …}}; {again}'
        )
    return (
        "Look whether it is there, may be read and written with the keys that this computer has, and has "
        f"room; {again}"
    )


def not_installed(what: str, error: ImportError) -> TempHubError:
    """What to say where one of the libraries is missing that not everybody needs."""
    return TempHubError(
        f"{what} is not installed ({error}).",
        'Run pip install ".[dask]" in the folder of TempHub.',
        code="not_installed",
    )


def _escaped(site: str) -> str:
    """A name as the name of a folder on any disk; letters of any language stay, so that it stays short."""
    found = "".join(sign if sign.isalnum() else quote(sign, safe="-_.") for sign in site)
    # Windows drops a dot at the end.
    return f"{found[:-1]}%2E" if found.endswith(".") else found
