"""Libraries that come into memory only when one of their names is asked for, though another library imports
them at its top; and those that never come.

bqplot brings in pandas, 50 MB of a pages' kernel, for charts that no page has; Jupyter's kernel a debugger,
and Voilà what it needs to read Markdown and to be a part of somebody's Jupyter server. Main thread of a
process of ours, before whoever imports them; in a kernel of somebody's own all is as the libraries have it.
"""

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


class NoFrame:
    """Stands where a frame of pandas could stand; there is none of it."""


def called(module: str, name: str) -> Callable[..., Any]:
    """Stands for a function, or a class that nobody derives from: fetched when it is called."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(module), name)(*args, **kwargs)

    return call


# traittypes asks for the class at each `DataFrame` that a widget may hold, when the widget's class is made;
# pages have no such widget.
PANDAS = {"traittypes.traittypes": {"DataFrame": NoFrame}}
EXTENSION, SANITIZE = "voila.server_extension", "nbconvert.preprocessors.sanitize"
LOADERS = ("_load_jupyter_server_extension", "load_jupyter_server_extension")
SANITIZER = "_get_default_css_sanitizer"
# Who asks what for which name at its top: Voilà of its way into a Jupyter server, which ours is none;
# nbconvert of what makes foreign HTML harmless and reads HTML, which cells without Markdown never need.
PAGE_SERVER: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    EXTENSION: {"voila": {name: called(EXTENSION, name) for name in LOADERS}},
    SANITIZE: {"nbconvert.filters.strings": {SANITIZER: called(SANITIZE, SANITIZER)}},
    "bleach": {},
    "bs4": {"nbconvert.exporters.html": {"BeautifulSoup": called("bs4", "BeautifulSoup")}},
}
# Of these only single modules are needed; all that they gather at their own top is not: a server of
# JupyterLab, and ways to make PDF, slides and LaTeX of a notebook.
IN_PARTS = ("jupyterlab_server", "nbconvert", "nbconvert.exporters")
# What ipykernel and jsonschema do without where it is not installed: a debugger, which no page may use, and
# the check of lengths of time, colours, and addresses, of which no schema here has one.
DEBUGGER = ("debugpy",)
FORMATS = ("isoduration", "webcolors", "fqdn", "uri_template", "rfc3987_syntax")


class Later(ModuleType):
    """Takes a library's place until it is needed, and goes on passing names on to those who hold it. answers:
    to whom, by name, what; in_parts: its modules are imported without it."""

    def __init__(
        self, name: str, answers: Mapping[str, Mapping[str, Any]], *, in_parts: bool = False
    ) -> None:
        super().__init__(name)
        self._answers = answers
        if in_parts and (spec := find_spec(name)):
            self.__spec__, self.__path__ = spec, list(spec.submodule_search_locations or ())

    def __getattr__(self, name: str) -> Any:
        asks = sys._getframe(1).f_globals.get("__name__")
        answers = self._answers.get(str(asks), {})
        if name in answers:
            return answers[name]
        # Whoever looks through all modules asks for these; and `from library import name` whether that may be
        # a module of it.
        if name.startswith("__") and (name not in ("__path__", "__version__") or answers):
            raise AttributeError(name)
        if "__path__" in vars(self) and sys.modules.get(self.__name__) is self:
            # As `from library import module` has it.
            with suppress(ModuleNotFoundError):
                return import_module(f"{self.__name__}.{name}")
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def put_off(
    library: str, answers: Mapping[str, Mapping[str, Any]] | None = None, *, in_parts: bool = False
) -> None:
    """Nothing changes where it is there already."""
    if library not in sys.modules:
        sys.modules[library] = Later(library, answers or {}, in_parts=in_parts)


def leave_out(*libraries: str) -> None:
    """Have their import fail, as where they are not installed, which those who would use them foresee."""
    for name in libraries:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def spare_page_server() -> None:
    """Leave out of this process what Voilà brings in and a page server of ours never uses."""
    leave_out(*FORMATS)
    for name in IN_PARTS:
        put_off(name, in_parts=True)
    for name, answers in PAGE_SERVER.items():
        put_off(name, answers)
