"""Waiting that reads the same on MicroPython and CPython."""

import asyncio


async def wait_for_event(event, seconds):
    """True and the event cleared when it came within `seconds`, else False."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except asyncio.TimeoutError:
        # Both in one moment: it came.
        if not event.is_set():
            return False
    event.clear()
    return True


async def keep_running(name, start, failed, pause_s=1):
    """Run the endless coroutine function `start` for ever; when it breaks, `failed(name, error)` and start it
    anew after a pause."""
    while True:
        try:
            await start()
        except Exception as error:
            failed(name, error)
        await asyncio.sleep(pause_s)
