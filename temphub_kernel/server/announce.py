"""What the console says first: where the page is, where the CSV grows. Main thread only."""

from urllib.parse import urlsplit

from ..base.logs import LOG_FILE, say
from ..base.settings import Settings
from ..discovery import lan_urls, unlikely


def elsewhere(urls: list[str], hidden: dict[str, str]) -> list[str]:
    """Lines: where other devices find the page. hidden: address -> adapter of those that devices in the house hardly reach."""
    names = {url: hidden.get(urlsplit(url).hostname or "", "") for url in urls}
    likely = [f"  from other devices:  {url}" for url, name in names.items() if not name]
    return likely + [f"  only within {name}:  {url}" for url, name in names.items() if name]


def welcome(settings: Settings) -> None:
    """Said once, when the hub delivers."""
    say(f"TempHub is running. Page: {settings.local_url}")
    for line in elsewhere(lan_urls(settings), unlikely()):
        say(line)
    say(f"  readings for Excel:  {settings.csv_file}")
    say(f"  data folder:         {settings.data_dir}")
    say(f"  all that is said:    {settings.data_dir / LOG_FILE}")
    if settings.is_demo:
        say("This is a demo: it keeps to its virtual probes and to this folder. Start without `demo` to record real ones.")
        say("For both at once give one of them another PORT.")
    say("Looking for probes... Press Ctrl-C to stop.")
