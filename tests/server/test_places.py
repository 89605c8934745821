"""The places of pages: one address does not take all of them."""

import asyncio

import pytest

from temphub_kernel.core.errors import TempHubError
from temphub_kernel.jupyter.kernel_manager import (
    AT_A_TIME,
    MOST_OF_ONE,
    MOST_VISITS,
    OF_ONE_AT_A_TIME,
    Places,
)


def opened(places: Places, address: str, visit: str) -> None:
    with places.opened_by(address):
        places.taken(visit, address)


def test_one_address_leaves_room_for_the_others() -> None:
    """Who has a hundred pages open, or on their way, is refused with the way out; others are not, and a page
    that ends makes room."""
    places = Places()
    for number in range(MOST_OF_ONE):
        opened(places, "192.0.2.1", f"visit {number}")
    with pytest.raises(TempHubError, match=r"192\.0\.2\.1") as met:
        opened(places, "192.0.2.1", "one more")
    assert met.value.status == 503 and "TRUSTED_PROXIES" in met.value.remedy
    for number in range(MOST_VISITS - MOST_OF_ONE):
        opened(places, f"192.0.2.{2 + number}", f"other {number}")
    places.left("visit 7")
    opened(places, "192.0.2.1", "one more")


def test_pages_on_their_way_count() -> None:
    """Pages that are asked for together count before any of them is there, and no longer when they were not
    made."""
    places = Places()
    waiting = [places.opened_by("192.0.2.1") for _ in range(MOST_OF_ONE)]
    for one in waiting:
        one.__enter__()
    with pytest.raises(TempHubError):
        opened(places, "192.0.2.1", "one more")
    for one in waiting:
        one.__exit__(None, None, None)
    opened(places, "192.0.2.1", "one more")


def test_pages_of_others_do_not_wait_behind_a_crowd_of_one_address() -> None:
    """However many pages one address waits for, a few are made at a time, and another's is made before most
    of them."""
    made: list[str] = []

    async def make(places: Places, address: str, running: list[str]) -> None:
        with places.opened_by(address):
            async with places.turn(address):
                running.append(address)
                assert len(running) <= AT_A_TIME and running.count("192.0.2.1") <= OF_ONE_AT_A_TIME
                await asyncio.sleep(0)
                running.remove(address)
                made.append(address)

    async def crowd() -> None:
        places, running = Places(), []
        await asyncio.gather(
            *(make(places, "192.0.2.1", running) for _ in range(40)), make(places, "192.0.2.2", running)
        )
        assert not places._turns_of

    asyncio.run(crowd())
    assert len(made) == 41 and made.index("192.0.2.2") <= AT_A_TIME
