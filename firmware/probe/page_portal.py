"""The set-up page as a phone sees it: the list of networks, the password, the hub; and how the test went."""

from probe.page import frame, plain

_FORM = """%s<form method="post" action="/join">%s
<label>Another network<input name="other" maxlength="32" autocapitalize="none" autocomplete="off" value="%s">
</label>
<label>Password<input name="password" type="password" maxlength="64" autocomplete="off"></label>%s
<button>Test and save</button></form><p class="s">The probe tests the network before it saves it.</p>"""
_NETWORK = """<label class="n"><input type="radio" name="ssid" value="%s"%s><b>%s</b>
<span class="s">%s%s</span></label>"""
_HUB = """<label>Hub address <span class="s">(may stay empty: the hub finds the probe by itself)</span>
<input name="hub" maxlength="200" placeholder="http://192.168.1.10:8088" value="%s"></label>"""
_PROBLEM = '<p class="w">%s</p>'
_TESTING = (
    '<p>Testing the network <b>%s</b> &hellip;</p><p class="s">If your phone leaves this access point '
    "meanwhile, join it again.</p>"
)
_DONE = """<p class="g">The probe has joined <b>%s</b>.</p>
<p>It answers there at <b>http://%s/</b>. This access point closes
in a moment; join your own network again.</p>"""


def form(name, networks, problem="", chosen="", hub=None):
    """The page with the form. `networks`: [(ssid, rssi, locked)]; `hub` None = a hub owns the probe, its
    address is not asked for."""
    known = [ssid for ssid, _, _ in networks]
    rows = [
        _NETWORK
        % (
            plain(ssid),
            " checked" if ssid == chosen else "",
            plain(ssid),
            _bars(rssi),
            " &#128274;" if locked else "",
        )
        for ssid, rssi, locked in networks
    ]
    if not rows:
        rows = ['<p class="s">No network was found. Type its name below.</p>']
    body = _FORM % (
        _PROBLEM % plain(problem) if problem else "",
        "".join(rows),
        "" if chosen in known else plain(chosen),
        "" if hub is None else _HUB % plain(hub),
    )
    return frame(name, "Choose the Wi-Fi network for this probe", body)


def testing(name, ssid):
    """While the credentials are tried; asks again by itself."""
    return frame(name, "One moment", _TESTING % plain(ssid), "3;url=/joining")


def done(name, ssid, ip):
    """The last page before the access point closes."""
    return frame(name, "Done", _DONE % (plain(ssid), ip))


def _bars(rssi):
    strength = 4 if rssi >= -55 else 3 if rssi >= -67 else 2 if rssi >= -78 else 1
    return "&#9646;" * strength + "&#9647;" * (4 - strength)
