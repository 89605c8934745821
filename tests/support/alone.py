"""Tests whose promise is a time run while no other worker tests anything; all others run beside each other."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]  # Windows: there tests run one at a time


@contextmanager
def _held(path: Path, how: int) -> Iterator[IO[bytes]]:
    with path.open("ab") as file:
        fcntl.flock(file, how)
        yield file


@contextmanager
def turn(folder: Path, *, alone: bool) -> Iterator[None]:
    """Hold a place among the tests of all workers, which keep their locks in the folder `folder`; or be the only one there."""
    if fcntl is None or "PYTEST_XDIST_WORKER" not in os.environ:
        yield
        return
    with ExitStack() as place:
        # Who waits to be alone stands in the door: nobody enters before.
        with _held(folder / "door.lock", fcntl.LOCK_EX):
            place.enter_context(_held(folder / "room.lock", fcntl.LOCK_EX if alone else fcntl.LOCK_SH))
        yield
