"""The page's scripts: one file of what the page uses, compressed once, and kept by browsers for good. Event
loop thread only."""

import asyncio
import gzip
import hashlib
import logging
import mimetypes
import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tornado.web import HTTPError, RequestHandler

log = logging.getLogger(__name__)
LIVE = Path(__file__).parent / "template" / "live"
FIRST, LAST = ("modules.js", "kernel.js"), ("widgets.js",)
WIDGETS = ["@jupyter-widgets/base", "@jupyter-widgets/controls", "@jupyter-widgets/output"]
# file below `nbextensions` -> the modules that it is, and a word that is in it
LIBRARIES = {
    "jupyter-js-widgets/extension.js": (WIDGETS, "load_ipython_extension"),
    "bqscales/index.js": (["bqscales"], "LinearScaleModel"),
    "bqplot/index.js": (["bqplot"], "FigureModel"),
}
# Before bqplot 0.13 the scales were part of it.
OPTIONAL = {"bqscales/index.js"}
FORM = re.compile(r"\s*(/\*.*?\*/\s*)*define\(\[", re.DOTALL)
MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


class PageScript:
    """What the script is made of, and what it is. folders: of Jupyter's `nbextensions`, the first that has a
    file gives it."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._libraries = {name: _first(folders, name) for name in LIBRARIES}

    @property
    def files(self) -> list[Path]:
        """Those that it is made of, or would be."""
        return [*(LIVE / name for name in (*FIRST, *LAST)), *filter(None, self._libraries.values())]

    def text(self) -> str:
        """The whole script; empty when a library is not there, or not in the known form."""
        try:
            parts = [
                _wrapped(name, path) for name, path in self._libraries.items() if path or name not in OPTIONAL
            ]
            return "".join(["(function () {\n", *map(_own, FIRST), *parts, *map(_own, LAST), "})();\n"])
        except (OSError, ValueError) as error:
            log.info("the page is loaded by Voilà's own script, in many pieces: %s", error)
            return ""


def _first(folders: Sequence[str], name: str) -> Path | None:
    return next((path for folder in folders if (path := Path(folder) / name).is_file()), None)


def _own(name: str) -> str:
    return (LIVE / name).read_text(encoding="utf-8")


def _wrapped(name: str, path: Path | None) -> str:
    if path is None:
        raise ValueError(f"there is no {name}")
    modules, word = LIBRARIES[name]
    text = path.read_text(encoding="utf-8")
    if not FORM.match(text) or word not in text:
        raise ValueError(f"{path} is not in the form that is known")
    # A browser's tools would ask for the map.
    return (
        f"(function (define) {{\n{MAP.sub('', text)}\n}}).call(window, thModules.take({modules!r}, "
        "location.href));\n"
    )


# What a page needs takes 1.5 MB packed; the rest of the room is for an update that grows.
KEPT_BYTES = 16 * 1024 * 1024
SMALL = 1024
PACKABLE = (".js", ".css", ".json", ".svg", ".map", ".html", ".txt", ".wasm", ".ttf", ".otf", ".eot")
FOR_GOOD = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
PAGE, PAGE_NAME = "page", "page.js"


class Piece(NamedTuple):
    """A file as it is sent. packed: whether `body` is gzip, which pays off for most; tag: of what is in
    it."""

    body: bytes
    packed: bool
    kind: str
    tag: str


class Scripts:
    """The files below some folders, by kind: {"static": […], "lab": […]}; the first folder that has a file
    gives it.

    page: what the page's one script is made of, if there is one. most_bytes: room for what is kept packed
    beside that; `kept_bytes` is what is in it.
    """

    def __init__(
        self, folders: dict[str, list[str]], page: PageScript | None = None, most_bytes: int = KEPT_BYTES
    ) -> None:
        self._most_bytes = most_bytes
        self._folders = {
            kind: [Path(folder).resolve() for folder in found] for kind, found in folders.items()
        }
        self._kept: OrderedDict[str, tuple[object, Piece]] = OrderedDict()
        self.kept_bytes = 0
        self._plain = page.text().encode() if page else b""
        self._has_page = bool(self._plain)
        self._packed: asyncio.Future[Piece] | None = None
        self.edition = _edition(
            [*(folder for found in self._folders.values() for folder in found), *(page.files if page else ())]
        )

    def url(self, base_url: str, kind: str) -> str:
        """Where a kind of files is, without a slash at the end."""
        return f"{base_url}scripts/{self.edition}/{kind}"

    def page_url(self, base_url: str) -> str:
        """Where the page's one script is; empty when there is none."""
        return f"{self.url(base_url, PAGE)}/{PAGE_NAME}" if self._has_page else ""

    def pack_page(self) -> None:
        """Have the page's one script packed, in a thread, before somebody asks for it. Twice is once."""
        if self._has_page and self._packed is None:
            self._packed = asyncio.ensure_future(asyncio.to_thread(_packed, self._plain, PAGE_NAME))
            self._plain = b""

    async def page(self) -> Piece | None:
        """The page's one script, None when there is none."""
        self.pack_page()
        return await asyncio.shield(self._packed) if self._packed else None

    async def piece(self, kind: str, name: str) -> Piece | None:
        """A file, None when there is none. Read and packed in a thread, once as long as it does not
        change."""
        if (kind, name) == (PAGE, PAGE_NAME):
            return await self.page()
        path = self._find(kind, name)
        if path is None:
            return None
        stat = path.stat()
        key, state = f"{kind}/{name}", (path, stat.st_size, stat.st_mtime_ns)
        known = self._kept.get(key)
        if known is not None and known[0] == state:
            self._kept.move_to_end(key)
            return known[1]
        piece = await asyncio.to_thread(_pack, path)
        self._keep(key, state, piece)
        return piece

    def _find(self, kind: str, name: str) -> Path | None:
        for folder in self._folders.get(kind, ()):
            path = (folder / name).resolve()
            # What the address says can never lead out of the folder.
            if path.is_relative_to(folder) and path.is_file():
                return path
        return None

    def _keep(self, key: str, state: object, piece: Piece) -> None:
        if key in self._kept:
            self.kept_bytes -= len(self._kept.pop(key)[1].body)
        self._kept[key] = (state, piece)
        self.kept_bytes += len(piece.body)
        while self.kept_bytes > self._most_bytes:
            self.kept_bytes -= len(self._kept.popitem(last=False)[1][1].body)


class ScriptHandler(RequestHandler):
    """`GET /v/scripts/<edition>/<kind>/<name>`."""

    def initialize(self, scripts: Scripts) -> None:
        """Called by Tornado for each request."""
        self._scripts = scripts

    async def get(self, edition: str, kind: str, name: str) -> None:
        try:
            piece = await self._scripts.piece(kind, name)
        except (OSError, ValueError):
            piece = None
        if piece is None:
            raise HTTPError(404)
        packed = piece.packed and "gzip" in self.request.headers.get("Accept-Encoding", "")
        self.set_header("Content-Type", piece.kind)
        self.set_header("X-Content-Type-Options", "nosniff")
        # A page of another edition (open since before an update) gets what there is, but does not keep it.
        self.set_header("Cache-Control", FOR_GOOD if edition == self._scripts.edition else ASK_AGAIN)
        if piece.packed:
            self.set_header("Vary", "Accept-Encoding")
        if packed:
            self.set_header("Content-Encoding", "gzip")
        # Packed and plain are different bytes: a strong tag has to tell them apart.
        self.set_header("Etag", f'"{piece.tag}{"-gz" if packed else ""}"')
        if self.check_etag_header():
            self.set_status(304)
            return
        self.finish(gzip.decompress(piece.body) if piece.packed and not packed else piece.body)

    async def head(self, edition: str, kind: str, name: str) -> None:
        """The same without the body, which Tornado leaves out."""
        await self.get(edition, kind, name)

    def compute_etag(self) -> None:
        """It is set already; none is made up for errors."""


def _pack(path: Path) -> Piece:
    return _packed(path.read_bytes(), path.name)


def _packed(plain: bytes, name: str) -> Piece:
    suffix = Path(name).suffix.lower()
    packed = gzip.compress(plain, 9, mtime=0) if len(plain) > SMALL and suffix in PACKABLE else plain
    pays = len(packed) < len(plain) * 0.9
    kind = (
        "text/javascript" if suffix == ".js" else mimetypes.guess_type(name)[0] or "application/octet-stream"
    )
    return Piece(packed if pays else plain, pays, kind, hashlib.sha256(plain).hexdigest()[:32])


def _edition(places: Iterable[Path]) -> str:
    seen = hashlib.sha256()
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place] if place.is_file() else ():
            stat = path.stat()
            seen.update(f"{path}|{stat.st_size}|{stat.st_mtime_ns}\n".encode())
    return seen.hexdigest()[:16]
