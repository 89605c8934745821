"""What a phone asks for when the page goes onto its home screen."""

import io
import json
from urllib.parse import urljoin, urlsplit

from PIL import Image

from temphub_kernel.api import not_found
from temphub_kernel.api.handlers import home_screen


def test_a_phone_gets_its_manifest_and_icons_without_a_login(make_hub):
    """Behind a password everything that the manifest names is there, as large as it says and not writable;
    its addresses lead below a proxy's path to what is below it, too; its words are the phone's."""
    hub = make_hub(environ={"UI_PASSWORD": "a cold room"})
    status, headers, body = hub.whole("GET", not_found.MANIFEST, headers={"Accept-Language": "de"})
    told = json.loads(body)
    assert status == 200 and headers["Content-Type"].startswith("application/manifest+json")
    assert (told["lang"], told["display"]) == ("de", "standalone") and "Fühler" in told["description"]
    for base in ("http://hub:8088", "https://example.org/temphub"):
        at = f"{base}{not_found.MANIFEST}"
        assert urljoin(at, told["start_url"]) == urljoin(at, told["scope"]) == f"{base}/"
        assert [urljoin(at, icon["src"]) for icon in told["icons"]] == [
            base + path for path in not_found.ICONS
        ]
    assert {icon["purpose"] for icon in told["icons"]} == {"any", "maskable"}
    for icon in told["icons"]:
        path = urlsplit(urljoin("http://hub/", icon["src"])).path
        status, headers, body = hub.whole("GET", path)
        picture = Image.open(io.BytesIO(body))
        assert (status, headers["Content-Type"], picture.format) == (200, "image/png", "PNG")
        assert f"{picture.width}x{picture.height}" == icon["sizes"]
        assert hub.whole("HEAD", path)[0] == 200 and hub.whole("POST", path, b"")[0] == 405
    # A phone cuts these to a shape of its own: nothing of them may be transparent.
    for name in ("apple-touch-icon.png", "icon-maskable.png"):
        assert Image.open(home_screen.FOLDER / name).convert("RGBA").getchannel("A").getextrema() == (
            255,
            255,
        )


def test_every_icon_is_served():
    """No file lies there that nobody gets."""
    found = {f"/{path.name}" for path in home_screen.FOLDER.iterdir()}
    assert found == set(not_found.ICONS)
