"""What opening a page costs, and who makes its widgets, in a real browser."""

import pytest

from support.waiting import wait_for
from temphub_kernel.core.clock import now_ms

VALUE = "#rendered_cells .th-card .th-number:visible"
LINE = "#rendered_cells .th-chart path.line"
SCRIPT_BYTES = """performance.getEntriesByType("resource").filter(one =>
one.name.endsWith("page.js")).map(one => one.transferSize)"""
STILL_THERE = ("/api/health", "/alive")
WITHOUT = {
    "bqplot is missing": ("thModules.take(['bqplot']", "thModules.take(['elsewhere']"),
    "ipywidgets is another": ("load_ipython_extension:", "load_as_never_before:"),
}


@pytest.fixture(scope="module")
def lasting(lasting_temphub):
    """A hub with a probe that has a line."""
    hub = lasting_temphub()
    for number in range(3):
        reading = {
            "probe_id": "shed",
            "time": (now_ms() - number * 60_000) / 1000,
            "temperature_c": 4.0 + number,
        }
        assert hub.ask("POST", "/api/ingest", reading) == (200, {"ok": True})
    return hub


@pytest.fixture
def page(browser):
    """An empty page of a browser that has nothing yet; `asked` is what it asked for, with the connections
    that it opened."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("websocket", lambda socket: page.asked.append(socket.url))
    yield page
    context.close()


def live(page, temphub):
    """Opens the page and waits until its widgets have taken over; a new reading is shown."""
    page.goto(f"http://127.0.0.1:{temphub.port}/?window=1h", wait_until="commit")
    page.wait_for_selector("#first", state="detached", timeout=60_000)
    page.wait_for_selector(LINE, state="attached", timeout=60_000)
    celsius = 20 + now_ms() % 1000 / 100
    assert temphub.ask("POST", "/api/ingest", {"probe_id": "shed", "temperature_c": celsius}) == (
        200,
        {"ok": True},
    )
    wait_for(lambda: page.locator(VALUE).first.inner_text().strip() == f"{celsius:.2f}", 20, 0.1)
    return page


@pytest.mark.browser
def test_a_visit_fetches_few_things_and_the_next_one_none_again(page, temphub):
    """The first visit asks for the page, one script and the kernel's connection: none of what Voila brings
    along. The second has the script already."""
    live(page, temphub)
    # On a busy computer it asks meanwhile whether there is still somebody to wait for.
    fetched = [url for url in page.asked if not url.startswith("data:") and not url.endswith(STILL_THERE)]
    assert len(fetched) <= 4, page.asked
    assert not [url for url in page.asked if "/static/" in url or "/lab/" in url]
    live(page, temphub)
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').filter(one => one.name.includes('page.js')).map(one => "
        "one.transferSize)"
    )
    assert sizes and not any(sizes), "the script was sent again"


@pytest.mark.browser
@pytest.mark.alone
@pytest.mark.parametrize("what", WITHOUT)
def test_what_our_script_cannot_make_is_left_to_voilas(page, temphub, what):
    """When a library is missing, or is not as it was, Voila's own script makes the widgets: the page is live
    all the same, and the connection that was begun is not taken for a lost hub."""
    found, instead = WITHOUT[what]

    def change(route):
        text = route.fetch().text()
        assert found in text
        route.fulfill(body=text.replace(found, instead), content_type="text/javascript")

    page.route("**/page.js", change)
    page.add_init_script("""new MutationObserver(() => {
      if (document.body?.classList.contains("lost")) window.wasLost = true;
    }).observe(document, { subtree: true, attributes: true });""")
    live(page, temphub)
    assert [url for url in page.asked if url.endswith("/static/voila.js")]
    assert not page.evaluate("window.wasLost")


@pytest.mark.browser
def test_a_connection_that_breaks_comes_back_by_itself(page, temphub):
    """A page whose connection is cut (a proxy that ends what is old, a Wi-Fi that changes) opens another: it
    goes on where it was, without being opened again, and what is chosen there reaches the kernel."""
    page.add_init_script("""window.opened = [];
    window.WebSocket = class extends WebSocket { constructor(...told) { super(...told); opened.push(this); }
      };""")
    live(page, temphub)
    page.evaluate("window.same = true; opened.at(-1).close()")
    wait_for(lambda: page.evaluate("opened.length > 1 && opened.at(-1).readyState === 1"), 20, 0.1)
    page.get_by_role("button", name="24 h", exact=True).click()
    wait_for(lambda: "last 24 hours" in page.locator("#rendered_cells .th-chart-panel").inner_text(), 20, 0.1)
    assert page.evaluate("window.same")
    wait_for(lambda: not page.locator("#lost").is_visible(), 10, 0.1)
