"""What `/` shows when the hub was opened from a notebook and no page server runs behind it. Endpoint thread
only."""

import re
from html import escape

from tornado.web import RequestHandler

from ...core import local_text, number_text
from ...journal import Newest
from ...language import spoken_by, texts_of
from .. import base, replies
from ..plain_page import plain_page

PAGE = """<p>{from_notebook}</p><p>{full_page}</p>
<table><tr><th>{probe}</th><th>{newest}</th><th>{taken}</th></tr>{rows}</table>
<p><a href="/api/probes">{probes}</a> · <a href="/api/health">{health}</a> ·
<a href="/api/readings?format=csv">{last_day}</a></p>"""
CODE = re.compile("`([^`]+)`")


class Landing(RequestHandler):
    """`GET /` of a hub without a page server."""

    def initialize(self, room: base.Room) -> None:
        """Called by Tornado for each request."""
        self.room = room

    async def get(self) -> None:
        newest = await self.room.questions.ask(lambda reader: reader.newest())
        language = spoken_by(self.request.headers.get("Accept-Language", ""))
        say = {name: escape(text) for name, text in texts_of(language)["door"].items()}
        rows = "".join(_row(one, language) for one in newest)
        rows = rows or f'<tr><td colspan="3">{say["none_yet"]}</td></tr>'
        say |= {"full_page": CODE.sub(r"<code>\1</code>", say["full_page"])}
        replies.protect(self, replies.FORM_CSP)
        self.finish(plain_page(language, PAGE.format(rows=rows, **say), wide="44rem"))


def _row(one: Newest, language: str) -> str:
    texts = texts_of(language)
    value = escape(texts["door"]["no_value"].format(one.quality or ""))
    if one.units is not None:
        value = f"{number_text(one.units).replace('.', texts['language']['decimal'])} °C"
    return (
        f'<tr><td>{escape(one.probe_id)}</td><td class="n">{value}</td><td>{local_text(one.taken_ms)}'
        "</td></tr>"
    )
