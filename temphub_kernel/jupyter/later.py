"""Libraries that come into memory only when one of their names is asked for, though another library imports
them at its top; and those that never come.

bqplot brings in pandas, 50 MB of a pages' kernel, for charts that no page has; Jupyter's kernel a debugger,
and Voilà what it needs to read Markdown and to be a part of somebody's Jupyter server. Main thread of a
process of ours, before whoever imports them; in a kernel of somebody's own all is as the libraries have it.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


class NoFrame:
    """Stands where a frame of pandas could stand; there is none of it."""


class Client:
    """Stands for the client of kernels that a kernel would make for who is in it."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return import_module("jupyter_client.blocking").BlockingKernelClient(*args, **kwargs)


def no_mask(array: object) -> bool:
    """Stands for `is_masked`: where masks are not in memory nothing has one."""
    return False


def called(module: str, name: str) -> Callable[..., Any]:
    """Stands for a function, or a class that nobody derives from: fetched when it is called."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(module), name)(*args, **kwargs)

    return call


class Table(Mapping[str, str]):
    """Stands for a table of texts: fetched when something is looked up."""

    def __init__(self, module: str, name: str) -> None:
        self._where = module, name

    def _table(self) -> Mapping[str, str]:
        module, name = self._where
        there = sys.modules.get(module)
        table: Mapping[str, str] = getattr(
            there.fetch() if isinstance(there, Later) else import_module(module), name
        )
        return table

    def __getitem__(self, key: str) -> str:
        return self._table()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table())

    def __len__(self) -> int:
        return len(self._table())


# traittypes asks for the class at each `DataFrame` that a widget may hold, when the widget's class is made;
# pages have no such widget.
PANDAS = {"traittypes.traittypes": {"DataFrame": NoFrame}}
EXTENSION, SANITIZE = "voila.server_extension", "nbconvert.preprocessors.sanitize"
LOADERS = ("_load_jupyter_server_extension", "load_jupyter_server_extension")
THREADS = "anyio.to_thread"
LEXERS, LEXER = "pygments.lexers", "get_lexer_by_name"
CONTENTS = "jupyter_server.services.contents"
SANITIZER = "_get_default_css_sanitizer"
# Who asks what for which name at its top: Voilà of its way into a Jupyter server, which ours is none;
# nbconvert of what makes foreign HTML harmless, reads HTML and colours code, which cells without Markdown
# never need; Jupyter of threads for files that nobody is shown.
PAGE_SERVER: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    EXTENSION: {"voila": {name: called(EXTENSION, name) for name in LOADERS}},
    SANITIZE: {"nbconvert.filters.strings": {SANITIZER: called(SANITIZE, SANITIZER)}},
    "bleach": {},
    "json5": {},
    THREADS: {
        f"{CONTENTS}.{name}": {"run_sync": called(THREADS, "run_sync")}
        for name in ("fileio", "filemanager", "filecheckpoints", "largefilemanager")
    },
    LEXERS: {"nbconvert.filters.markdown_mistune": {LEXER: called(LEXERS, LEXER)}},
    "bs4": {"nbconvert.exporters.html": {"BeautifulSoup": called("bs4", "BeautifulSoup")}},
}
# Of these only single modules are needed; all that they gather at their own top is not: a server of
# JupyterLab, and ways to make PDF, slides and LaTeX of a notebook.
IN_PARTS = ("jupyterlab_server", "nbconvert", "nbconvert.exporters")
# What ipykernel and jsonschema do without where it is not installed: a debugger, which no page may use, and
# the check of lengths of time, colours, and addresses, of which no schema here has one.
DEBUGGER = ("debugpy",)
FORMATS = ("isoduration", "webcolors", "fqdn", "uri_template", "rfc3986_validator", "rfc3987_syntax")
# The names of the 2,231 signs that HTML can write as a word, which only reading HTML needs; `html` itself is
# everywhere, for its `escape`.
SIGNS = "html.entities"
# What starts and reaches kernels, which one that is started does not.
CLIENT, CONNECT = "jupyter_client", "jupyter_client.connect"
FILES = ("find_connection_file", "write_connection_file")
IMPORTER = "importlib._bootstrap"
# Arrays with a mask, of which numpy asks before it looks for what is unique.
MASKED = "numpy.ma"


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
        # `from library import name` first asks whether there is one.
        if asks == IMPORTER and any(name in given for given in self._answers.values()):
            return True
        # Whoever looks through all modules asks for these; and `from library import name` whether that may be
        # a module of it.
        if name.startswith("__") and (name not in ("__path__", "__version__") or answers):
            raise AttributeError(name)
        if "__path__" in vars(self) and sys.modules.get(self.__name__) is self:
            # As `from library import module` has it.
            with suppress(ModuleNotFoundError):
                return import_module(f"{self.__name__}.{name}")
        return getattr(self.fetch(), name)

    def fetch(self) -> ModuleType:
        """The library itself, from now on in this one's place."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return import_module(self.__name__)


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


def put_off_signs() -> None:
    """The names of HTML's signs come when one is looked up."""
    put_off(SIGNS, {"html": {"html5": Table(SIGNS, "html5")}})
    # As importing a module of it does.
    import_module("html").__dict__.setdefault("entities", sys.modules[SIGNS])


def put_off_masks() -> None:
    """numpy's arrays with a mask come when somebody makes one."""
    numpy = import_module("numpy")
    put_off(MASKED, {"numpy.lib._arraysetops_impl": {"is_masked": no_mask}})
    # As importing a module of it does.
    numpy.__dict__.setdefault("ma", sys.modules[MASKED])


def spare_kernel() -> None:
    """Leave out of this process what ipykernel brings in and a kernel in which nobody runs code never
    uses."""
    leave_out(*DEBUGGER)
    put_off_signs()
    put_off_masks()
    put_off(
        CLIENT,
        {
            "ipykernel.connect": {name: called(CONNECT, name) for name in FILES},
            "traitlets.utils.importstring": {"BlockingKernelClient": Client},
        },
        in_parts=True,
    )


def spare_page_server() -> None:
    """Leave out of this process what Voilà brings in and a page server of ours never uses."""
    leave_out(*FORMATS)
    for name in IN_PARTS:
        put_off(name, in_parts=True)
    for name, answers in PAGE_SERVER.items():
        put_off(name, answers)
