"""What a phone needs to keep the page on its home screen: a web app manifest and icons. Endpoint thread only.

Both are open to everybody: a browser may ask for them without what the login gave it.
"""

import json
from pathlib import Path

from tornado.web import RequestHandler

from ...language import spoken_by, texts_of
from .. import not_found, replies

FOLDER = Path(__file__).parents[1] / "icons"
# path -> (pixels, what it is for)
ICONS = dict(zip(not_found.ICONS, [(192, "any"), (512, "any"), (512, "maskable"), (180, "any")], strict=True))


class Manifest(RequestHandler):
    """`GET /manifest.webmanifest`. All addresses are relative: they hold behind whatever a proxy puts before
    them."""

    def get(self) -> None:
        language = spoken_by(self.request.headers.get("Accept-Language", ""))
        icons = [
            {"src": path[1:], "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for path, (size, purpose) in ICONS.items()
        ]
        replies.protect(self)
        self.set_header("Content-Type", "application/manifest+json; charset=UTF-8")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Vary", "Accept-Language")
        self.finish(json.dumps(_told(language) | {"icons": icons}, ensure_ascii=False))


class Icon(RequestHandler):
    """`GET /icon-….png`."""

    def get(self, name: str) -> None:
        replies.protect(self)
        self.set_header("Content-Type", "image/png")
        self.set_header("Cache-Control", "public, max-age=86400")
        self.finish((FOLDER / name).read_bytes())


def _told(language: str) -> dict[str, str]:
    return {
        "name": "TempHub",
        "short_name": "TempHub",
        "description": texts_of(language)["door"]["describes"],
        "lang": language,
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": "#f5f7fa",
        "theme_color": "#f5f7fa",
    }


ROUTES = [(not_found.MANIFEST, Manifest), (r"/([a-z0-9-]+\.png)", Icon)]
