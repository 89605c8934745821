"""A page that does not come to life says so, in a real browser and behind a real nginx."""

import shutil
import subprocess
import time

import pytest

from support.cutting import Cutting
from support.ports import free_port
from support.waiting import PATIENCE_S, cannot, wait_for
from temphub_kernel.core.clock import now_ms

CELSIUS, NOW_C = 4.375, 20.5
VALUE = "#first .th-card .th-number"
# What a proxy does that knows nothing of websockets, and one that puts the hub below a path.
NGINX = """
daemon off; pid {folder}/pid; error_log stderr; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d;
  scgi_temp_path {folder}/e;
  server {{
    listen 127.0.0.1:{port};
    location {path} {{ proxy_pass http://127.0.0.1:{hub}/; proxy_http_version 1.1;
      proxy_set_header Host $http_host; }}
  }}
}}
"""


def post(temphub, celsius):
    assert temphub.ask("POST", "/api/ingest", {"temperature_c": celsius, "probe_id": "fridge"}) == (
        200,
        {"ok": True},
    )


@pytest.fixture(scope="module")
def lasting(lasting_temphub):
    """A hub whose fridge is cold."""
    return lasting_temphub()


@pytest.fixture
def temphub(lasting):
    """That hub; the fridge was cold a moment ago, and a page that is opened begins with it."""
    post(lasting, CELSIUS)
    # While the pages' kernel is still busy with its own start a page begins without values, and so it stays
    # when no script comes.
    wait_for(lambda: f">{CELSIUS:.2f}<" in lasting.page_ready().decode(), 60, 0.2)
    return lasting


@pytest.fixture
def page(browser):
    """An empty page."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def behind_nginx(temphub, tmp_path):
    """Starts a real nginx before the hub; gives its port."""
    started = []

    def start(path):
        program = shutil.which("nginx", path="/usr/sbin:/usr/local/bin:/usr/bin") or cannot(
            "there is no nginx here (apt-get install nginx)"
        )
        port = free_port()
        conf = tmp_path / "nginx.conf"
        conf.write_text(NGINX.format(folder=tmp_path, port=port, path=path, hub=temphub.port))
        started.append(
            subprocess.Popen(
                [program, "-e", "stderr", "-p", str(tmp_path), "-c", str(conf)], stderr=subprocess.DEVNULL
            )
        )
        return port

    yield start
    for process in started:
        process.terminate()
        process.wait(PATIENCE_S)


def go(page, url):
    """Opens a page that may still be about to be served."""

    def opened():
        try:
            return page.goto(url, wait_until="commit")
        except Exception as error:
            assert "ERR_CONNECTION_REFUSED" in str(error)

    wait_for(opened, 20, 0.2)
    page.wait_for_selector(f"{VALUE}:visible")


def pages_kernel(temphub):
    return next(kernel for kernel in temphub.kernels() if "/pages-" in " ".join(kernel.cmdline()))


def told_dead(page, words):
    """Waits for the notice; it names the moment of the picture and a way out, and no state of now is claimed
    beside it."""
    taken, notice = page.locator("#first time").text_content(), page.locator("#dead")
    wait_for(notice.is_visible, 15, 0.1)
    # A page that heard nothing for long says so before it knows what is in the way.
    wait_for(lambda: words in notice.inner_text(), 15, 0.1)
    text = notice.inner_text()
    assert "not live" in text and len(taken) >= 8 and taken in text
    assert page.locator("#first :is(.th-state, .th-hub):visible").count() == 0
    body = page.locator("body").inner_text()
    assert "Loading widget" not in body and "VBox(" not in body
    assert page.locator(VALUE).inner_text().strip() == f"{CELSIUS:.2f}"


@pytest.mark.browser
@pytest.mark.parametrize("failing", ["404", "blocked", "never"])
def test_without_its_script_a_page_says_that_it_is_not_live(page, temphub, failing):
    """The script is not found, blocked or never comes: the page first says of itself that it is a picture of
    a moment, its ages grow, and within 15 s it says that it is not live and what may be in the way."""
    act = {
        "404": lambda route: route.fulfill(status=404),
        "blocked": lambda route: route.abort(),
        "never": lambda route: None,
    }
    page.route("**/page.js", act[failing])
    go(page, f"http://127.0.0.1:{temphub.port}/")
    assert page.locator(".th-picture-of").inner_text().startswith("Picture of ")
    age = page.locator("#first .th-age [data-since]")
    first = wait_for(lambda: "ago" in age.inner_text() and age.inner_text(), 10)
    post(temphub, NOW_C)
    wait_for(lambda: age.inner_text() != first, 10)
    told_dead(page, "Nothing has come" if "never" in failing else "scripts do not arrive")


@pytest.mark.browser
@pytest.mark.parametrize(("path", "words"), [("/", "Host and Upgrade"), ("/temphub/", "not below a path")])
def test_behind_a_proxy_that_is_not_set_up_a_page_says_so(page, behind_nginx, path, words):
    """Behind a real nginx that passes on no websocket, or serves the hub below a path, the page says that it
    is not live and what the proxy has to do; Voilà's own "Loading widget..." is never seen."""
    go(page, f"http://127.0.0.1:{behind_nginx(path)}{path}")
    seen = []
    end = time.monotonic() + 22
    while time.monotonic() < end:
        seen.append(page.locator("body").inner_text())
        page.wait_for_timeout(500)
    assert not [text for text in seen if "Loading widget" in text or "VBox(" in text]
    told_dead(page, words)


@pytest.mark.browser
def test_what_comes_late_comes_to_life(page, temphub):
    """A script that needed twelve seconds: the notice is there, and is gone with the picture when the widgets
    take their place."""
    held = []
    page.route("**/page.js", lambda route: held.append(route))
    go(page, f"http://127.0.0.1:{temphub.port}/")
    told_dead(page, "Nothing has come")
    for route in held:
        route.continue_()
    page.wait_for_selector("#first", state="detached", timeout=60_000)
    assert not page.locator("#dead").is_visible() and not page.locator(".th-picture-of").count()
    assert page.locator("#rendered_cells .th-state").first.is_visible()
    post(temphub, NOW_C)
    wait_for(
        lambda: page.locator("#rendered_cells .th-number").first.inner_text().strip() == f"{NOW_C:.2f}", 10
    )


@pytest.mark.browser
def test_a_script_that_is_there_again_brings_the_page_to_life(page, temphub):
    """The hub was started anew just when a page asked for its scripts: a minute later the page opens itself
    again, without a hand on it."""
    page.clock.install(time=now_ms() / 1000)
    missing = [True]
    page.route("**/page.js", lambda route: route.fulfill(status=404) if missing[0] else route.continue_())
    go(page, f"http://127.0.0.1:{temphub.port}/")
    missing[0] = False
    page.clock.fast_forward(70_000)
    page.wait_for_selector("#rendered_cells .th-number:visible", timeout=60_000)


@pytest.fixture
def cutting(temphub):
    """A way to the hub on which a page breaks off."""
    way = Cutting(temphub.port)
    yield way
    way.stop()


@pytest.mark.browser
def test_a_page_that_broke_off_before_its_script_opens_itself_again(page, cutting):
    """Of a page there came its first lines only: that is enough for it to open itself again."""
    page.clock.install(time=now_ms() / 1000)
    page.context.set_extra_http_headers({"Accept-Encoding": "identity"})
    cutting.cut = b"</style>"
    page.goto(f"http://127.0.0.1:{cutting.port}/", wait_until="commit")
    wait_for(lambda: page.evaluate("document.styleSheets.length"), 20)
    cutting.let_go.set()
    page.clock.fast_forward(20_000)
    page.wait_for_selector("#rendered_cells .th-number:visible", timeout=60_000)


@pytest.mark.browser
def test_a_page_that_broke_off_when_the_hub_was_killed_opens_itself_again(page, temphub, cutting):
    """The hub was killed in the middle of a page: the page opens itself again when the hub is back."""
    page.context.set_extra_http_headers({"Accept-Encoding": "identity"})
    cutting.cut = b'rendered_cells" class="waiting"'
    page.goto(f"http://127.0.0.1:{cutting.port}/", wait_until="commit")
    wait_for(lambda: page.evaluate("window.thFirst !== undefined"), 20)
    temphub.hub_kernel().kill()
    cutting.let_go.set()
    page.wait_for_selector("#rendered_cells .th-number:visible", timeout=60_000)


@pytest.mark.browser
@pytest.mark.parametrize("which", ["page server", "pages"])
def test_a_page_of_a_page_server_that_is_no_more_opens_itself_at_once(page, temphub, which):
    """The page server, or the kernel of the pages, was killed while the page's script was on its way, again
    and again: nobody knows the page's visit any more, and however often it was opened anew before, it is so
    as soon as there is somebody to open it."""
    held, holds = [], [True]
    page.add_init_script("sessionStorage.temphub_reloads = 5")
    page.route("**/page.js", lambda route: held.append(route) if holds else route.continue_())
    go(page, f"http://127.0.0.1:{temphub.port}/")
    before = temphub.page_server() if which == "page server" else pages_kernel(temphub)
    before.kill()
    wait_for(lambda: not before.is_running() or before.status() == "zombie", 20)
    temphub.page_ready()
    holds.clear()
    for route in held:
        route.continue_()
    page.wait_for_selector("#rendered_cells .th-number:visible", timeout=60_000)
