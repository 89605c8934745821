"""Libraries that come into memory only when one of their names is asked for, though another library imports
them at its top.

bqplot brings in pandas, 50 MB of a pages' kernel, for charts that no page has. Main thread of a process of
ours, before whoever imports them; in a kernel of somebody's own all is as the libraries have it.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


class NoFrame:
    """Stands where a frame of pandas could stand; there is none of it."""


# traittypes asks for the class at each `DataFrame` that a widget may hold, when the widget's class is made;
# pages have no such widget.
PANDAS = {"traittypes.traittypes": {"DataFrame": NoFrame}}


class Later(ModuleType):
    """Takes a library's place until it is needed, and goes on passing names on to those who hold it. answers:
    to whom, by name, what."""

    def __init__(self, name: str, answers: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__(name)
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        answers = self._answers.get(str(sys._getframe(1).f_globals.get("__name__")), {})
        if name in answers:
            return answers[name]
        # Whoever looks through all modules asks for these.
        if name.startswith("__") and name not in ("__path__", "__version__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def put_off(library: str, answers: Mapping[str, Mapping[str, Any]] | None = None) -> None:
    """Nothing changes where it is there already."""
    if library not in sys.modules:
        sys.modules[library] = Later(library, answers or {})
