"""The process that sends, a program by itself: orders come on its input, a line of JSON each, and are
answered in lines.

It knows apprise and nothing of ours, so it is there soon; and whatever a service does to it, the hub goes on.
Orders are carried out beside each other. It ends when its input does, that is with whoever started it. Its
arguments are the modules that will be needed: with these loaded nothing has to be read from the disk any more
when there is something to send.

An order is {"no", "url", "module"}, and to send something "title", "body", "severity" (critical, warning,
over, test). Its answer is {"no", "ok", "problem", "perhaps", "kind", "shown", "host", "module"}: what went
wrong, whether it may have arrived all the same, what the address is for, the address without its secrets, and
which module of apprise is the one for it.
"""

import importlib
import json
import logging
import re
import sys
import threading
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import apprise

TYPES = {"critical": "failure", "warning": "warning", "over": "success", "test": "info"}
WITHIN_S = 25
LONGEST = 300
# Whoever breaks off after a connection stood may have taken it.
PERHAPS = re.compile(
    r"read timed out|timed out\b(?!.*connect timeout)|reset|aborted|closed|remote end", re.IGNORECASE
)
NO_CONNECTION = re.compile(
    r"connect timeout|refused|resolve|unreachable|no route|getaddrinfo|name or service", re.IGNORECASE
)
# In such an address the path may be a secret by itself.
FREE_PATH = ("json", "jsons", "xml", "xmls", "form", "forms")
SAID_WHY = "Socket Exception: "
# What a library says of a connection, in its own names, and what of it says something to a person.
POOL = re.compile(r"HTTPS?ConnectionPool\(.*", re.DOTALL)
REASON = re.compile(
    r"\[Errno -?\d+\] ([^\"'\])>]+)|((?:connect |read )?timed out)|(certificate verify failed[^)\"'_]*)",
    re.IGNORECASE,
)


def answer(order: dict[str, Any]) -> dict[str, Any]:
    """What comes of an order."""
    url, said = str(order["url"]), Said()
    said.listen()
    try:
        found = _by_module(url, str(order.get("module", ""))) or apprise.Apprise.instantiate(
            url, asset=_asset()
        )
    finally:
        said.no_more()
    if found is None:
        return {
            "ok": False,
            "problem": hidden(said.text() or "no service is known by such an address", url),
            "perhaps": False,
        }
    about = {
        "kind": str(found.service_name),
        "shown": shown(found),
        "host": str(getattr(found, "host", "") or ""),
    }
    about["module"] = type(found).__module__
    if "body" not in order:
        return {"ok": True, "problem": "", "perhaps": False, **about}
    return {**_sent(found, order, url), **about}


def _by_module(url: str, module: str) -> apprise.NotifyBase | None:
    """The service of an address whose module is known; None leaves it to apprise, which loads all that it
    has: half a second, 20 MB."""
    made: Any = _service_of(module)
    if made is None or url.partition("://")[0].lower() not in made.schemas(made) or not made.enabled:
        return None
    # As apprise reads an address; whatever this does not understand it may.
    with suppress(Exception):
        found: apprise.NotifyBase = made(
            **{**made.parse_url(url.replace("/#", "/%23")), "asset": _asset(), "tag": set()}
        )
        return found
    return None


def _service_of(module: str) -> type[apprise.NotifyBase] | None:
    """The service that a module of apprise is for; None when there is no such module any more."""
    if not module.startswith("apprise.plugins."):
        return None
    with suppress(ImportError):
        there = vars(importlib.import_module(module)).values()
        services = {
            one.__module__: one
            for one in there
            if isinstance(one, type) and issubclass(one, apprise.NotifyBase)
        }
        return services.get(module)
    return None


def _sent(found: apprise.NotifyBase, order: dict[str, Any], url: str) -> dict[str, Any]:
    way = apprise.Apprise(asset=_asset())
    way.add(found)
    what = TYPES.get(order.get("severity", ""), "warning")
    result = way.notify(
        body=order["body"],
        title=order["title"],
        notify_type=what,
        body_format="text",
        timeout=WITHIN_S,
        log_level=logging.DEBUG,
    )
    if result:
        return {"ok": True, "problem": "", "perhaps": False}
    lines = [
        entry.message
        for entry in result.logs()
        if entry.level in ("WARNING", "ERROR") or entry.message.startswith(SAID_WHY)
    ]
    text = " ".join(line.removeprefix(SAID_WHY).strip() for line in lines)
    late = result.status == apprise.AppriseResultStatus.TIMEOUT
    perhaps = late or bool(PERHAPS.search(text) and not NO_CONNECTION.search(text))
    return {
        "ok": False,
        "problem": hidden(plain(text) or ("no answer in time" if late else "it was not taken"), url),
        "perhaps": perhaps,
    }


def plain(text: str) -> str:
    """What a service said, with the reason alone of what a library says of a connection: `… to 127.0.0.1.
    Connection refused`."""
    pool = POOL.search(text)
    reason = REASON.search(pool[0]) if pool else None
    if pool is None or reason is None:
        return text
    return text[: pool.start()] + next(part for part in reason.groups() if part).strip()


def shown(found: apprise.NotifyBase) -> str:
    """An address without its secrets: as the service hides them, without options, which may hold some too."""
    address = str(found.url(privacy=True)).partition("?")[0]  # type: ignore[no-untyped-call]
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/" if parts.scheme in FREE_PATH else address


def hidden(text: str, url: str) -> str:
    """What a service said, without anything of the address but its host and port: it may have repeated a
    secret."""
    _, _, rest = url.partition("://")
    place, _, query = rest.partition("?")
    pieces = {part for part in re.split(r"[/@:,+]", place) if part} | {value for _, value in parse_qsl(query)}
    pieces = {piece for one in pieces for piece in (one, unquote(one)) if len(piece) > 3} - set(
        _open_parts(url)
    )
    for piece in sorted(pieces, key=len, reverse=True):
        text = text.replace(piece, "****")
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _open_parts(url: str) -> tuple[str, ...]:
    try:
        parts = urlsplit(url)
        return parts.hostname or "", str(parts.port or "")
    except ValueError:
        return ()


class Said(logging.Handler):
    """What apprise says in this thread while it listens."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        if record.thread == self._thread:
            self._lines.append(record.getMessage())

    def listen(self) -> None:
        """From now on."""
        logging.getLogger("apprise").addHandler(self)

    def no_more(self) -> None:
        """Until now."""
        logging.getLogger("apprise").removeHandler(self)

    def text(self) -> str:
        """All of it."""
        return " ".join(self._lines)


def _asset() -> apprise.AppriseAsset:
    """Under our name, with nothing kept on the disk, and without pictures that would be fetched from
    elsewhere."""
    return apprise.AppriseAsset(
        storage_mode="memory",
        app_id="TempHub",
        app_desc="TempHub",
        app_url="",
        image_url_mask="",
        image_url_logo="",
    )


def main() -> None:
    """Until the input ends."""
    for module in sys.argv[1:]:
        _service_of(module)
    lock = threading.Lock()
    # The reason of a failure is told as a detail.
    logging.getLogger("apprise").setLevel(logging.DEBUG)
    logging.getLogger("apprise").propagate = False
    # What a service prints must not come among the answers.
    out, sys.stdout = sys.stdout, sys.stderr

    def work(order: dict[str, Any]) -> None:
        try:
            told = answer(order)
        # A service's own fault is that one's alone.
        except Exception as error:
            told = {
                "ok": False,
                "problem": hidden(f"{type(error).__name__}: {error}", str(order.get("url", ""))),
                "perhaps": True,
            }
        with lock:
            out.write(json.dumps({"no": order["no"], **told}) + "\n")
            out.flush()

    for line in sys.stdin:
        threading.Thread(target=work, args=(json.loads(line),), daemon=True).start()


if __name__ == "__main__":
    main()
