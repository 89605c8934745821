"""Following the journal: the loop that all share who take in its readings block by block. Its own thread and
connection.

How far a follower is it keeps in the journal under its name. When that is kept, beside what and how often, is
each one's own: roll-ups in the commit that counts the readings, the CSV log with the place in its file, a
forwarder when they were taken.
"""

from contextlib import AbstractContextManager
from typing import Generic, TypeVar

from ..core import Worker

Source = TypeVar("Source")


class Follower(Worker, Generic[Source]):
    """Goes round by round until it is stopped. Whatever a round raises begins it anew after a pause, as with
    every worker."""

    def opened(self) -> AbstractContextManager[Source]:
        """Its own connection to the journal; closed when it is stopped, or fails."""
        raise RuntimeError(f"{type(self).__name__} has no opened()")

    def begin(self, source: Source) -> None:
        """Called once before the first round, to find out how far it is."""

    def round(self, source: Source) -> float:
        """Take in the next block; returns for how many seconds to wait then, 0 when there is more already."""
        raise RuntimeError(f"{type(self).__name__} has no round()")

    def end(self, source: Source) -> None:
        """Called after the last round when it is stopped."""

    def run(self) -> None:
        with self.opened() as source:
            self.begin(source)
            while not self.stopping.is_set():
                self.stopping.wait(self.round(source))
            self.end(source)
