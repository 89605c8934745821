"""How many of the pages' places one address has, so that the others find one, and whose page is made next. Event loop thread only."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from ..base.errors import TempHubError, Unavailable

# Of 150 in all (see viewers.py): an office behind one address has enough, and the others have the rest.
MOST_OF_ONE = 100
# So many pages are made at a time, and of one address: more would only be late together, and the loop deaf meanwhile.
AT_A_TIME, OF_ONE_AT_A_TIME = 4, 2


class Places:
    """Who is to get a page, and whose each visit is, by address."""

    def __init__(self) -> None:
        self._coming: Counter[str] = Counter()
        self._whose: dict[str, str] = {}
        self._turns = asyncio.Semaphore(AT_A_TIME)
        self._turns_of: dict[str, asyncio.Semaphore] = {}

    @contextmanager
    def opened_by(self, address: str) -> Iterator[None]:
        """A page is being made for an address. Raises TempHubError (503) when it has its share."""
        if self._coming[address] + sum(whose == address for whose in self._whose.values()) >= MOST_OF_ONE:
            raise _share(address)
        self._coming[address] += 1
        try:
            yield
        finally:
            self._coming[address] -= 1
            # Without those that nobody comes from any more.
            self._coming = +self._coming
            if address not in self._coming:
                self._turns_of.pop(address, None)

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Wait until a page is to be made for an address that is in `opened_by`; those of others do not wait behind all of its."""
        async with self._turns_of.setdefault(address, asyncio.Semaphore(OF_ONE_AT_A_TIME)), self._turns:
            yield

    def taken(self, visit: str, address: str) -> None:
        """A visit went out to an address."""
        self._whose[visit] = address

    def left(self, visit: str) -> None:
        """A visit ended."""
        self._whose.pop(visit, None)


def _share(address: str) -> TempHubError:
    return Unavailable(
        f"{MOST_OF_ONE} pages are open from {address} already, so this one was not opened; readings are stored all the same.",
        "Close pages that nobody looks at; this page tries again by itself. Behind a proxy, name it in TRUSTED_PROXIES.",
        code="too_many_pages",
    )
