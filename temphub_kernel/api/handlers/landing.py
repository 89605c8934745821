"""What `/` shows when the hub was opened from a notebook and no page server runs behind it. Endpoint thread
only."""

from html import escape

from tornado.web import RequestHandler

from ...core import local_text, number_text
from ...journal import Newest
from .. import base, replies

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>TempHub</title><link rel="icon" href="data:,"><style>
body{{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;
color:#1b2733;background:#f7f9fb}}
table{{border-collapse:collapse;width:100%}}
td,th{{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d9e0e6}}
td.n{{text-align:right;font-variant-numeric:tabular-nums}}</style>
<h1>TempHub</h1><p>This hub was opened from a notebook,
so there is no full page behind this address. It records all the same.</p>
<p>For the full page, stop that notebook's kernel and start the hub with
<code>temphub</code> or <code>Start.bat</code>;
or run <code>th.dashboard()</code> in the notebook.</p>
<table><tr><th>Probe</th><th>Newest value</th><th>Taken</th></tr>{rows}</table>
<p><a href="/api/probes">Probes</a> · <a href="/api/health">Health</a> ·
<a href="/api/readings?format=csv">Last 24 h as CSV</a></p></html>"""


class Landing(RequestHandler):
    """`GET /` of a hub without a page server."""

    def initialize(self, room: base.Room) -> None:
        """Called by Tornado for each request."""
        self.room = room

    async def get(self) -> None:
        newest = await self.room.questions.ask(lambda reader: reader.newest())
        rows = "".join(_row(one) for one in newest) or '<tr><td colspan="3">No reading yet.</td></tr>'
        replies.protect(self, replies.FORM_CSP)
        self.finish(PAGE.format(rows=rows))


def _row(one: Newest) -> str:
    value = (
        f"{number_text(one.units)} °C" if one.units is not None else f"no value ({escape(one.quality or '')})"
    )
    return (
        f'<tr><td>{escape(one.probe_id)}</td><td class="n">{value}</td><td>{local_text(one.taken_ms)}'
        "</td></tr>"
    )
