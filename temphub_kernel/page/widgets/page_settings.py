"""The page's own settings, the way to all others, and its address as a QR code. Kernel's own thread only."""

from functools import lru_cache
from typing import Any

import segno
from ipywidgets import Dropdown

from .. import format, words
from ..choices import Steering, query
from ..data import Snapshot
from ..html import cards, ways
from .base import Kit, set_value


class PagePanel:
    """`widget` is the panel; every choice ends up in the page's address."""

    def __init__(self, kit: Kit, steering: Steering, *, all_places: bool = False) -> None:
        self._steering = steering
        self._telling = False
        self._choices = {
            "unit": _dropdown(kit, words.UNIT, words.UNITS),
            "theme": _dropdown(kit, words.THEME, words.THEMES),
            "clock": _dropdown(kit, words.CLOCK, words.CLOCKS),
            "panes": _dropdown(kit, words.PANES, words.PANES_OF),
            "language": _dropdown(kit, words.LANGUAGE, words.LANGUAGES),
        }
        for name, choice in self._choices.items():
            choice.observe(lambda change, name=name: self._chosen(name, change["new"]), "value")
        self._kiosk = kit.button(words.KIOSK, lambda: steering.change(kiosk=True), words.KIOSK_MEANING)
        self._qr, self._login = kit.html(), kit.html()
        ways_there = kit.html(value=ways.ways(all_places=all_places))
        choices = kit.row([*self._choices.values(), self._kiosk], "th-fields")
        self.widget = kit.panel(
            [
                kit.html(value=f'<span id="th-settings">{cards.heading(words.SETTINGS)}</span>'),
                choices,
                ways_there,
                self._login,
                self._qr,
            ],
            "th-page",
        )

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to a snapshot."""
        self._telling = True
        try:
            for name, choice in self._choices.items():
                set_value(choice, getattr(snapshot.view, name))
        finally:
            self._telling = False
        set_value(
            self._login,
            f'<p><a href="/logout">{format.safe(words.LOG_OUT)}</a></p>'
            if snapshot.health.get("login")
            else "",
        )
        url, asked = first_url(snapshot.health), query(snapshot.view)
        address = f"{url.rstrip('/')}/{'?' if asked else ''}{asked}"
        set_value(self._qr, qr(address, snapshot.view.speaks) if url else "")

    def _chosen(self, name: str, value: Any) -> None:
        if not self._telling:
            self._steering.change(**{name: value})


def first_url(health: dict[str, Any]) -> str:
    """The page's address for other devices, as the hub says it; empty when it does not."""
    urls = [str(url) for url in health.get("urls") or [] if str(url).startswith(("http://", "https://"))]
    return urls[0] if urls else ""


@lru_cache(maxsize=64)  # a view's code changes with its choices; ten pages show few different ones
def qr(url: str, language: str) -> str:
    """The address as a picture to scan, and as a link. language: that is spoken."""
    if len(url) > 1200:
        return ""
    drawn = segno.make(url, error="l", micro=False).svg_inline(
        scale=3, border=4, dark="#000", light="#fff", omitsize=True
    )
    alt = format.safe(words.QR_ALT.format(url))
    return (
        f'<div class="th-qr"><span role="img" aria-label="{alt}">{drawn}</span>'
        f'<p><span class="th-quiet">{format.safe(words.QR)}</span> <a href="{format.safe(url)}'
        f'">{format.safe(url)}</a></p></div>'
    )


def _dropdown(kit: Kit, label: str, options: dict[str, str]) -> Dropdown:
    return Dropdown(
        description=label,
        options=[(told, key) for key, told in options.items()],
        layout=kit.layout,
        style=kit.described,
    )
