"""The probe's own page for people, and the frame that all its pages share. Text in, HTML out; no state."""

_FRAME = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
%s<title>%s</title><style>body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#eef2f5;color:#1c2b36}
main{max-width:26em;margin:1.5em auto;padding:1.5em;background:#fff;border-radius:14px;
box-shadow:0 2px 12px #0002}
h1{font-size:1.3em;margin:0}.v{font-size:3.2em;font-weight:300;margin:.2em 0}.s{color:#647684;font-size:.85em}
.w{background:#fdecea;color:#8c1d18;padding:.6em .8em;border-radius:8px}
.g{background:#e6f4ea;padding:.6em .8em;border-radius:8px}
dl{display:grid;grid-template-columns:auto 1fr;gap:.3em 1em;margin:0}dt{color:#647684}
dd{margin:0;overflow-wrap:anywhere}
label{display:block;margin:.8em 0}
label.n{display:flex;gap:.6em;margin:0;padding:.5em 0;border-bottom:1px solid #e3e8ec}
.n b{flex:1;font-weight:500;overflow-wrap:anywhere}
input:not([type=radio]){box-sizing:border-box;width:100%%;font:inherit;padding:.5em;
border:1px solid #b8c4cc;border-radius:8px}
button{width:100%%;font:inherit;padding:.7em;border:0;border-radius:8px;background:#0b6bcb;color:#fff}
</style></head><body><main><h1>%s</h1><p class="s">%s</p>%s</main></body></html>"""


def frame(title, line, body, refresh=""):
    """A whole page. `body` is HTML, `title` and `line` are text; `refresh` as in the meta tag of that
    name."""
    again = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
    return _FRAME % (again, plain(title), plain(title), plain(line), body)


def front(who, status):
    """The page for a person who typed the probe's address: value, Wi-Fi, hub, version. `status` as in GET
    /status."""
    celsius = status["last_c"]
    value = "no value (" + str(status["quality"]) + ")" if celsius is None else celsius.round() + " °C"
    rows = [
        ("Wi-Fi", _wifi(status)),
        ("Hub", status["server_url"] or "nobody yet; the hub will set this up"),
        ("Waiting", str(status["outbox"]) + " readings"),
        ("Interval", f"{status['interval_ms'] / 1000:g} s"),
        ("Running", _duration(status["uptime_s"])),
        ("Firmware", status["version"] + " on " + status["model"]),
    ]
    table = "".join("<dt>" + name + "</dt><dd>" + plain(text) + "</dd>" for name, text in rows if text)
    problem = status["last_error"]
    warning = '<p class="w">' + plain(problem) + "</p>" if problem else ""
    return frame(
        who["name"] or who["id"], who["id"], f'<p class="v">{plain(value)}</p>{warning}<dl>{table}</dl>', "5"
    )


def plain(text):
    """Text that can be part of a page: whatever it holds, it is shown and not obeyed."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;").replace("'", "&#39;")


def _wifi(status):
    ssid, rssi = status.get("ssid"), status.get("rssi")
    if not ssid:
        return ""
    return ssid if rssi is None else f"{ssid} ({rssi} dBm)"


def _duration(seconds):
    hours = seconds // 3600
    return f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h {seconds // 60 % 60} min"
