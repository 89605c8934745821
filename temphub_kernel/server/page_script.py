"""The page's one script: the widget libraries that the page uses, as they are installed, and around them what has them live. Any thread.

Voilà's own would bring JupyterLab with it, in a hundred pieces. ipywidgets, bqplot and bqscales also come in the form in which
Jupyter's classic notebook loads them, one file each; where that is missing or looks different, the page is left to Voilà's.
"""

import logging
import re
from collections.abc import Sequence
from pathlib import Path

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
    """What the script is made of, and what it is. folders: of Jupyter's `nbextensions`, the first that has a file gives it."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._libraries = {name: _first(folders, name) for name in LIBRARIES}

    @property
    def files(self) -> list[Path]:
        """Those that it is made of, or would be."""
        return [*(LIVE / name for name in (*FIRST, *LAST)), *filter(None, self._libraries.values())]

    def text(self) -> str:
        """The whole script; empty when a library is not there, or not in the known form."""
        try:
            parts = [_wrapped(name, path) for name, path in self._libraries.items() if path or name not in OPTIONAL]
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
    return f"(function (define) {{\n{MAP.sub('', text)}\n}}).call(window, thModules.take({modules!r}, location.href));\n"
