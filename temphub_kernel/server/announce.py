"""What the console says: where the page is, where the CSV grows, which probes were found. Event loop thread only."""

import asyncio
import sys
from typing import Any

from ..base.errors import TempHubError
from ..base.settings import Settings
from ..discovery import lan_urls
from ..journal import Reader

EVERY_S = 1.0


def say(text: str) -> None:
    """One line for the user; characters that the console cannot show are replaced, never an error."""
    stream = sys.stdout
    encoding = stream.encoding or "ascii"
    stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    stream.flush()


def page_urls(settings: Settings) -> list[str]:
    """The page's addresses: this computer first, then one for each of its networks."""
    return [settings.local_url, *lan_urls(settings)]


def welcome(settings: Settings) -> None:
    """Said once, when the hub delivers."""
    first, *others = page_urls(settings)
    say(f"TempHub is running. Page: {first}")
    for url in others:
        say(f"  from other devices:  {url}")
    say(f"  readings for Excel:  {settings.csv_file}")
    say(f"  data folder:         {settings.data_dir}")
    say("Looking for probes... Press Ctrl-C to stop.")


async def probes(settings: Settings) -> None:
    """Say each probe once, when it is found and when it is provisioned."""
    said: set[tuple[str, str]] = set()
    while True:
        for probe in await asyncio.to_thread(_known, settings):
            for what in _news(probe):
                if (probe["id"], what) not in said:
                    said.add((probe["id"], what))
                    say(what)
        await asyncio.sleep(EVERY_S)


def _known(settings: Settings) -> list[dict[str, Any]]:
    try:
        with Reader(settings.journal_file) as reader:
            return reader.probes()
    except TempHubError:
        return []


def _news(probe: dict[str, Any]) -> list[str]:
    if not probe["present"]:
        return []
    virtual = " (virtual)" if probe["model"] == "virtual" else ""
    news = [f"  found {probe['id']}{virtual} at {probe['ip']}:{probe['port']}"]
    # A problem is in the hub's own log, which is passed on to this console.
    if probe["server_url"] and not probe["problem"]:
        news.append(f"  {probe['id']} delivers to {probe['server_url']}")
    return news
