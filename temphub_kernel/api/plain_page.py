"""The hub's plain pages (login, what is not there, a hub without its page): one look, that of the page. Any
thread; pure."""

from html import escape

# What a phone's home screen needs, relative as everything behind a proxy.
HEAD = """<!doctype html><html lang="{language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><title>TempHub</title>
<link rel="icon" href="data:image/svg+xml,{icon}">{more}<style>{style}</style>
<main style="max-width:{wide}"><h1>{sign}TempHub</h1>{body}</main></html>"""
SIGN = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" aria-hidden="true">'
    '<rect width="32" height="32" rx="8" fill="#0067a3"/>'
    '<path d="M13 7.5a3 3 0 0 1 6 0v10.2a5.5 5.5 0 1 1-6 0z" fill="#fff"/>'
    '<circle cx="16" cy="22.3" r="3" fill="#0067a3"/>'
    '<path d="M16 11v10" stroke="#0067a3" stroke-width="2"/></svg>'
)
STYLE = """
:root{--page:#f5f7fa;--card:#fff;--line:#e3e8ee;--edge:#7d8896;--ink:#16202c;--quiet:#586575;
--accent:#0067a3;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--page:#0e1319;--card:#171e27;--line:#28323e;--edge:#7d8ea0;
--ink:#e8edf3;
--quiet:#9aa8b8;--accent:#5db4ee;--bad:#ff8a80}}
body{margin:0;padding:max(24px,12vh) 16px 40px;background:var(--page);color:var(--ink);
overflow-wrap:anywhere;
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{box-sizing:border-box;margin:0 auto;padding:24px;background:var(--card);border:1px solid var(--line);
border-radius:14px;
box-shadow:0 1px 2px #16202c0d,0 4px 16px #16202c0a}
h1{display:flex;align-items:center;gap:12px;margin:0 0 18px;font-size:22px;font-weight:650;
letter-spacing:-.01em;line-height:1.2}
h1 svg{width:34px;height:34px;flex:none}
a{color:var(--accent)}p{margin:0 0 14px}p:last-child{margin-bottom:0}
p[role]{border-left:4px solid var(--bad);padding-left:12px}
label{display:block;font-weight:550}
input,button{box-sizing:border-box;width:100%;min-height:44px;border-radius:9px;font:inherit}
input:not([hidden]){display:block;margin:6px 0 16px;padding:0 12px;border:1px solid var(--edge);
background:var(--card);color:inherit;font-size:16px}
button{display:block;border:1px solid var(--accent);background:var(--accent);color:var(--card);
font-weight:550;cursor:pointer}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;width:100%;margin-bottom:14px}
td,th{text-align:left;padding:6px 10px 6px 0;border-bottom:1px solid var(--line)}th{color:var(--quiet);
font-weight:400;font-size:13px}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
code{font:.92em ui-monospace,"Cascadia Mono",Consolas,monospace}"""


def plain_page(language: str, body: str, *, more: str = "", wide: str = "36rem") -> str:
    """A whole page. body, more (of its head): HTML; wide: as CSS says it."""
    icon = SIGN.replace("#", "%23").replace('"', "'").replace("<", "%3C").replace(">", "%3E")
    return HEAD.format(
        language=escape(language), icon=icon, more=more, style=STYLE, wide=wide, sign=SIGN, body=body
    )
