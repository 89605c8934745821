"""Tests whose promise is a time run while no other worker tests anything; all others run beside each
other."""

import ast
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]  # Windows: there tests run one at a time


def is_alone(root: Path, nodeid: str) -> bool:
    """Whether a test is marked `alone`, for who knows no more of it than how it is called; root: where the
    names of its files begin."""
    file, _, test = nodeid.partition("::")
    names = _alone_in(root / file) if file.endswith(".py") else ()
    return test.partition("[")[0] in names or "" in names


@cache
def _alone_in(path: Path) -> frozenset[str]:
    """The tests of a file that are; with an empty name where all of them are."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        marks = node.decorator_list if isinstance(node, ast.FunctionDef) else []
        if isinstance(node, ast.Assign) and "pytestmark" in map(ast.unparse, node.targets):
            marks = [node.value]
        if any("mark.alone" in ast.unparse(mark) for mark in marks):
            found.add(node.name if isinstance(node, ast.FunctionDef) else "")
    return frozenset(found)


@contextmanager
def _held(path: Path, how: int) -> Iterator[IO[bytes]]:
    with path.open("ab") as file:
        fcntl.flock(file, how)
        try:
            yield file
        finally:
            # Closing is not enough while a child that a test has forked has it open, too.
            fcntl.flock(file, fcntl.LOCK_UN)


# Whether the test that runs here promises a time.
_promising = False


def promising() -> bool:
    """Whether a time that the running test waits is what it promises, not what a busy computer needs."""
    return _promising


class Turn:
    """A place among the tests of all workers, which keep their locks in the folder `folder`: for a `with`
    around a test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._place = ExitStack()

    def __enter__(self) -> "Turn":
        self._take(alone=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._place.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one there. Others may come in before, so what comes first and last in a test is done
        beside them."""
        self._take(alone=True)
        try:
            yield
        finally:
            self._take(alone=False)

    def end(self) -> None:
        """What comes now in a test that was alone promises no time: others may test beside it."""
        self._take(alone=False)

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Others may test, alone too, while a test that is alone only waits, however long that takes."""
        self._place.close()
        try:
            yield
        finally:
            self._take(alone=True)

    def _take(self, *, alone: bool) -> None:
        global _promising
        _promising = alone
        # Two that would not let go before they have more would wait for each other for ever.
        self._place.close()
        if fcntl is None or "PYTEST_XDIST_WORKER" not in os.environ:
            return
        # Who waits to be alone stands in the door: nobody enters before.
        with _held(self._folder / "door.lock", fcntl.LOCK_EX):
            self._place.enter_context(
                _held(self._folder / "room.lock", fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            )
