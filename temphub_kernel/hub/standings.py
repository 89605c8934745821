"""How each board stands, for pages. Any thread."""

from collections.abc import Callable
from contextlib import suppress

from ..core import TempHubError
from ..journal import ProbeBook
from ..trust import Trust

# Changes of trust are told one by one until so many boards were told of since the last pulse.
AT_ONCE = 10_000


class Standings:
    """Leaves for pages how each board stands: at once; of thousands that are claimed in a row with the next
    pulse, as all of them are written each time."""

    def __init__(self, trust: Trust, book: ProbeBook) -> None:
        self._trust, self._book = trust, book
        self._told, self._anew = 0, False

    def tell(self) -> None:
        """One has changed."""
        if self._told <= AT_ONCE:
            self._book.leave("trust", told := self._trust.standings())
            self._told += len(told)
        else:
            self._anew = True

    def and_then(self, look: Callable[[], None]) -> Callable[[], None]:
        """What to do with each pulse."""

        def pulse() -> None:
            self._told = 0
            # Keys that cannot be saved are told where a probe is claimed; it is tried again.
            with suppress(TempHubError):
                self._trust.settle()
            if self._anew:
                self._anew = False
                self.tell()
            look()

        return pulse
