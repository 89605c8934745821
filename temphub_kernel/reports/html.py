"""A report as one HTML file that needs nothing else: no script, no network. Any thread; pure."""

from collections.abc import Callable
from html import escape
from typing import Any

STYLE = """
body{font:15px/1.45 Georgia,'Libertinus Serif',serif;color:#222;max-width:60rem;
margin:1.5rem auto;padding:0 1rem}
h1{font-size:1.7rem}h2{font-size:1.2rem;margin:1.8em 0 .5em}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.25rem .4rem;border-bottom:1px solid #ccc;
overflow-wrap:anywhere}
.facts th{font-weight:normal;color:#555;width:32%}.list{font-size:.85rem}
.list thead th{border-bottom:2px solid #222}
.r{text-align:right}.wide{overflow-x:auto}svg{width:100%;height:auto}
pre{font-size:.7rem;white-space:pre-wrap;overflow-wrap:anywhere}
.sign{display:grid;grid-template-columns:1fr 1fr;gap:2rem;break-inside:avoid}
.sign div{border-bottom:1px solid #222;height:5rem}
small,footer{color:#555}@media print{body{margin:0;max-width:none}thead{display:table-header-group}
tr,svg{break-inside:avoid}}
@page{margin:16mm}
"""


def html_of(told: dict[str, Any], mark: str) -> bytes:
    """The document (see document.py) as HTML. mark: stands in its head."""
    head = (
        f'<!doctype html><html lang="{told["language"]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="temphub" '
        f'content="{escape(mark)}">'
        f"<title>{escape(told['title'])}</title><style>{STYLE}"
        f"</style></head><body><main><h1>{escape(told['title'])}</h1>"
    )
    body = "".join(KINDS[block["kind"]](block) for block in told["blocks"])
    return f"{head}{body}</main><footer>{escape(told['footer'])}</footer></body></html>\n".encode(
        "utf-8", "replace"
    )


def _heading(block: dict[str, Any]) -> str:
    level = block["level"] + 1
    return f"<h{level}>{escape(block['text'])}</h{level}>"


def _text(block: dict[str, Any]) -> str:
    return f"<p>{escape(block['text'])}</p>"


def _facts(block: dict[str, Any]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in block["rows"]
    )
    return f'<table class="facts"><tbody>{rows}</tbody></table>'


def _table(block: dict[str, Any]) -> str:
    def cells(row: list[str], tag: str, more: str = "") -> str:
        classes = (' class="r"' if place in block["right"] else "" for place in range(len(row)))
        return "".join(
            f"<{tag}{more}{class_}>{escape(text)}</{tag}>" for text, class_ in zip(row, classes, strict=True)
        )

    head = cells(block["head"], "th", ' scope="col"')
    rows = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in block["rows"])
    return (
        f'<div class="wide"><table class="list"><thead><tr>{head}</tr></thead><tbody>{rows}'
        "</tbody></table></div>"
    )


def _chart(block: dict[str, Any]) -> str:
    # Its texts are escaped where it is drawn.
    svg: str = block["svg"]
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(block["alt"])}" ', 1)


def _code(block: dict[str, Any]) -> str:
    return f"<pre>{escape(chr(10).join(block['lines']))}</pre>"


def _signatures(block: dict[str, Any]) -> str:
    fields = "".join(
        f"<section>{escape(who)}<div></div><small>{escape(block['what'])}</small></section>"
        for who in block["who"]
    )
    return f'<h2>{escape(block["title"])}</h2><div class="sign">{fields}</div>'


def _together(block: dict[str, Any]) -> str:
    return f"<section>{''.join(KINDS[one['kind']](one) for one in block['blocks'])}</section>"


KINDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "heading": _heading,
    "text": _text,
    "facts": _facts,
    "table": _table,
    "chart": _chart,
    "code": _code,
    "signatures": _signatures,
    "together": _together,
}
