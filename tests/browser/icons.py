"""The icons of the home screen, drawn from the page's sign: `PYTHONPATH=tests .venv-dev/bin/python
tests/browser/icons.py`, after a change of it."""

from pathlib import Path

from playwright.sync_api import sync_playwright

from browser.conftest import ARGUMENTS, chromium
from temphub_kernel import api, server

SIGN = Path(server.__file__).parent / "template" / "favicon.svg"
FOLDER = Path(api.__file__).parent / "icons"
BLUE = "#0067a3"
# name -> (pixels, what is behind the sign, how much of the width the sign takes); what a phone cuts to shape
# is filled to its edges, and the sign is within the circle that always remains.
ICONS = {
    "icon-192.png": (192, "transparent", 1),
    "icon-512.png": (512, "transparent", 1),
    "icon-maskable.png": (512, BLUE, 0.86),
    "apple-touch-icon.png": (180, BLUE, 0.94),
}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for name, (pixels, behind, share) in ICONS.items():
            page = browser.new_page(viewport={"width": pixels, "height": pixels})
            sign = SIGN.read_text("utf-8").replace("<svg ", f'<svg width="{pixels * share}" ', 1)
            look = f"margin:0;height:100vh;display:grid;place-items:center;background:{behind}"
            page.set_content(f'<body style="{look}">{sign}')
            page.screenshot(path=FOLDER / name, omit_background=behind == "transparent")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
