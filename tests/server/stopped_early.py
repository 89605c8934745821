"""A hub whose start is called off when it has acknowledged its first reading; a program of its own, given the
folder of the start and a file that comes to be when it was called off. Settings come from the environment."""

import asyncio
import sys
from pathlib import Path

from tornado.httpclient import AsyncHTTPClient, HTTPError

from temphub_kernel.core import Settings
from temphub_kernel.core.run_folder import RunFolder
from temphub_kernel.server import supervisor

# As a computer that is busy with other things: the hub takes readings, and its start takes longer.
SLOW = """
import os, time
while not os.path.exists({file!r}):
    time.sleep(0.01)
"""
READING = b'{"probe_id": "Early-1", "temperature_c": 21.5}'


async def stop_at_the_first_reading(settings: Settings, folder: RunFolder, called_off: Path) -> None:
    client, code = AsyncHTTPClient(force_instance=True), supervisor.first_cell()
    supervisor.first_cell = lambda: code + SLOW.format(file=str(called_off))
    starting = asyncio.ensure_future(supervisor.HubKernel(settings, folder).start())
    while True:
        try:
            await client.fetch(f"{settings.local_url}/api/ingest", method="POST", body=READING)
            break
        except (OSError, HTTPError):
            if starting.done():
                await starting
                raise
            # Before it listens there is nothing to wait for.
            await asyncio.sleep(0.001)
    assert starting.cancel()
    asyncio.get_running_loop().call_soon(called_off.touch)
    await asyncio.gather(starting, return_exceptions=True)


if __name__ == "__main__":
    run, file = map(Path, sys.argv[1:])
    asyncio.run(stop_at_the_first_reading(Settings.from_environ(), RunFolder(run), file))
