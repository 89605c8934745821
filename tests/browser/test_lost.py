"""A page whose hub, kernel or connection goes away says so and comes back by itself, in a real browser."""

import os
import time

import psutil
import pytest

from support.waiting import wait_for
from temphub_kernel.jupyter import sessions

# The full length: `TEMPHUB_SLEEP_S=120 python -m pytest tests/browser/test_lost.py`.
SLEEP_S = float(os.environ.get("TEMPHUB_SLEEP_S", "25"))
VALUE = '#rendered_cells .th-card[data-probe="TempProbe-0096"] .th-number'


# What Jupyter asks of a page that changes something.
TOKEN = "headers: { 'X-XSRFToken': (document.cookie.match(/_xsrf=([^;]*)/) || [])[1] || '' }"


def post(temphub, celsius):
    assert temphub.ask("POST", "/api/ingest", {"temperature_c": celsius, "probe_id": "TempProbe-0096"}) == (
        200,
        {"ok": True},
    )


@pytest.fixture(scope="module")
def lasting(lasting_temphub):
    """A hub with a few readings. Each test ends with it working: that is what they are about."""
    temphub = lasting_temphub()
    for celsius in (20.0, 20.5, 21.0):
        post(temphub, celsius)
    return temphub


def show(page, temphub, query=""):
    """Goes to the hub's page and waits for its values."""
    page.goto(f"http://127.0.0.1:{temphub.port}/{query}", wait_until="commit")
    page.wait_for_selector(f"{VALUE}:visible", timeout=60_000)
    return page


@pytest.fixture
def blank(browser):
    """A page on the wall, still empty."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def page(blank, temphub):
    """It shows the last hour, with its values there."""
    return show(blank, temphub, "?window=1h")


@pytest.fixture
def shown(blank, start_temphub):
    """(a hub of the test's own, a page that shows its last hour)."""
    temphub = start_temphub()
    post(temphub, 20.0)
    return temphub, show(blank, temphub, "?window=1h")


def pages_kernel(temphub):
    return next((kernel for kernel in temphub.kernels() if "/pages-" in " ".join(kernel.cmdline())), None)


def told_within(page, seconds):
    """Waits for the notice; how long it took."""
    began = time.monotonic()
    # In one look: the page may be opened anew a moment later.
    said = wait_for(lambda: page.locator("#lost:visible").all_inner_texts(), seconds + 2, 0.05)
    took = time.monotonic() - began
    # Whether a hub that does not answer records nobody can see from here.
    assert "Recording does not depend on this page" in said[0]
    return took


def back(page, temphub, celsius, told=None):
    """Waits until the page shows, live, what is posted now; told: how it reads there."""
    told = told or f"{celsius:.2f}"
    wait_for(temphub.answers, 20)
    post(temphub, celsius)
    wait_for(
        lambda: page.locator(VALUE).count() and page.locator(VALUE).inner_text().strip() == told, 40, 0.1
    )
    assert "last hour" in page.locator("#rendered_cells .th-chart-panel").inner_text()
    wait_for(lambda: not page.locator("#lost").is_visible(), 10, 0.1)


@pytest.mark.browser
@pytest.mark.alone
@pytest.mark.parametrize(("which", "celsius"), [("pages", 44.25), ("hub", 43.75), ("page server", 42.5)])
def test_a_killed_kernel_is_told_and_the_page_comes_back(page, temphub, turn, which, celsius):
    """The kernel of the pages, the hub's own, or the page server is killed: within 5 s the page says so, then
    it is back with the same window."""
    victims = {
        "pages": lambda: pages_kernel(temphub),
        "hub": temphub.hub_kernel,
        "page server": temphub.page_server,
    }
    wait_for(victims[which]).kill()
    assert told_within(page, 5) < 5
    turn.end()
    back(page, temphub, celsius)


@pytest.mark.browser
@pytest.mark.alone
def test_a_hub_that_hangs_is_told(page, temphub, turn):
    """Nothing closes the connection when a computer sleeps or its Wi-Fi goes: the page notices the silence
    within 5 s."""
    server = temphub.page_server()
    server.suspend()
    try:
        assert told_within(page, 5) < 5.5
    finally:
        server.resume()
    turn.end()
    back(page, temphub, 31.5)


@pytest.mark.browser
@pytest.mark.alone
def test_a_page_whose_kernel_is_late_goes_on(page, temphub, turn):
    """The pages' kernel is busy for some seconds: the page says that nothing comes, and then goes on as it
    is. Opening it anew would have made the kernel later still, and lost what somebody was about to do."""
    page.evaluate("window.same = true")
    kernel = pages_kernel(temphub)
    kernel.suspend()
    try:
        told_within(page, 5)
        turn.end()
        # Many times it asks meanwhile whether the hub answers, which it does.
        with page.expect_response("**/v/api/kernels/*"), page.expect_response("**/api/health"):
            pass
    finally:
        kernel.resume()
    back(page, temphub, 35.25)
    assert page.evaluate("window.same")


@pytest.mark.browser
@pytest.mark.alone
@pytest.mark.timeout(180 + SLEEP_S)
def test_a_page_that_slept_wakes_up(page, temphub, turn):
    """A laptop is closed for a while: nothing of its browser runs. The hub lets go of the page meanwhile;
    when the laptop is opened the page is at the newest value again within seconds, with the same window and
    choices, without a hand on it."""
    page.goto(f"http://127.0.0.1:{temphub.port}/?window=1h&unit=F&theme=dark", wait_until="commit")
    page.wait_for_selector(f"{VALUE}:visible", timeout=60_000)
    kernel = page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId")
    laptop = [
        one for one in psutil.process_iter(["name"]) if one.info["name"].startswith("chrom") and _ours(one)
    ]
    assert len(laptop) > 2
    slept_s = time.monotonic()
    for one in laptop:
        one.suspend()
    try:
        post(temphub, -12.25)
        with turn.beside():
            wait_for(lambda: temphub.ask("GET", f"/v/api/kernels/{kernel}", timeout_s=20)[0] == 404, 30, 0.2)
            # The length of the sleep is what is tested.
            time.sleep(max(0.0, SLEEP_S - (time.monotonic() - slept_s)))
    finally:
        for one in laptop:
            one.resume()
    wait_for(
        lambda: (
            page.locator(VALUE).count() and page.locator(VALUE).inner_text().strip() in ("9.95", "9.9", "10")
        ),
        20,
        0.1,
    )
    turn.end()
    back(page, temphub, 24.5, "76.10")
    assert page.evaluate("location.search") == "?window=1h&unit=F&theme=dark"


def _ours(process):
    """Whether this test's Playwright started it."""
    try:
        return any(parent.pid == os.getpid() for parent in process.parents())
    except psutil.Error:
        return False


@pytest.mark.browser
@pytest.mark.alone
@pytest.mark.timeout(120)
def test_a_restarted_hub_finds_its_pages_again(shown, start_temphub, turn):
    """The whole program is stopped and started again: the open page says so, and shows the new values without
    a hand on it."""
    temphub, page = shown
    assert temphub.stop() == 0
    assert told_within(page, 5) < 5
    turn.end()
    back(page, start_temphub(), 12.75)


@pytest.mark.browser
def test_a_page_cannot_end_the_kernel_of_the_others(browser, page, temphub):
    """A page's goodbye, its shutdown message, and a DELETE of its kernel end its own visit; the other page
    goes on."""
    kernel = wait_for(lambda: pages_kernel(temphub))
    for end in (
        f"(id) => fetch(`/v/voila/api/shutdown/${{id}}`, {{ method: 'POST', {TOKEN} }})",
        f"(id) => fetch(`/v/api/kernels/${{id}}`, {{ method: 'DELETE', {TOKEN} }})",
        """(id) => new Promise((done) => {
            const address = `ws://${location.host}/v/api/kernels/${id}/channels?session_id=x`;
            const socket = new WebSocket(address, "v1.kernel.websocket.jupyter.org");
            const date = new Date().toISOString();
            const header = { msg_id: "1", msg_type: "shutdown_request", session: "x", username: "", date,
              version: "5.3" };
            const texts = ["control", JSON.stringify(header), "{}", "{}", '{"restart": false}'];
            const parts = texts.map((text) => new TextEncoder().encode(text));
            const offsets = parts.reduce((found, part) => [...found, found.at(-1) + part.length],
              [8 * (parts.length + 2)]);
            const numbers = BigUint64Array.from([offsets.length, ...offsets], BigInt);
            socket.onopen = () => { socket.send(new Blob([numbers, ...parts])); setTimeout(done, 1000); };
        })""",
    ):
        context = browser.new_context()
        other = show(context.new_page(), temphub)
        visit = other.evaluate(
            "JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"
        )
        other.evaluate(end, visit)
        context.close()
        wait_for(lambda visit=visit: temphub.ask("GET", f"/v/api/kernels/{visit}")[0] == 404, 15, 0.2)
    back(page, temphub, 55.5)
    assert kernel.is_running() and pages_kernel(temphub).pid == kernel.pid


@pytest.mark.browser
@pytest.mark.parametrize("polite", [True, False])
def test_what_a_page_held_is_gone_soon(browser, page, temphub, polite):
    """15 s after a page was closed, or was lost without a word, its visit ends; those that stay keep
    theirs."""
    context = browser.new_context()
    other = show(context.new_page(), temphub)
    kernel = "JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"
    path = f"/v/api/kernels/{other.evaluate(kernel)}"
    assert temphub.ask("GET", path)[0] == 200
    other.close(run_before_unload=polite)
    context.close()
    wait_for(lambda: temphub.ask("GET", path)[0] == 404, 15, 0.2)
    assert temphub.ask("GET", f"/v/api/kernels/{page.evaluate(kernel)}")[0] == 200


@pytest.mark.browser
@pytest.mark.alone
def test_an_old_way_of_speaking_does_not_hang_the_page_server(page, temphub):
    """A connection that does not speak the present protocol is closed at once, and the pages go on: the one
    that opened it as well, whose own connection is another, without a notice and without being opened
    anew."""
    page.evaluate("window.same = true")
    code = page.evaluate("""() => new Promise((done) => {
        const id = JSON.parse(document.getElementById("jupyter-config-data").textContent).kernelId;
        new WebSocket(`ws://${location.host}/v/api/kernels/${id}/channels?session_id=old`).onclose =
          (event) => done(event.code);
    })""")
    assert code == 1002
    page.wait_for_timeout(3000)
    assert page.evaluate("window.same") and not page.locator("#lost").is_visible()
    back(page, temphub, 25.5)
    assert page.evaluate("window.same")


@pytest.mark.browser
def test_a_page_hears_only_its_own(browser, page, temphub):
    """With two pages open, no message that a page receives is about a widget of the other's."""
    received, kernels = [], []
    context = browser.new_context()
    other = context.new_page()
    other.on(
        "websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(bytes(frame)))
    )
    show(other, temphub)
    for one in (page, other):
        kernels.append(
            one.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId")
        )
    for celsius in range(60, 64):
        post(temphub, celsius)
        wait_for(
            lambda celsius=celsius: other.locator(VALUE).inner_text().strip() == f"{celsius:.2f}", 10, 0.1
        )
    context.close()
    theirs, ours = (sessions.mark(kernel).encode() for kernel in kernels)
    assert sum(ours in frame for frame in received) > 3 and not any(theirs in frame for frame in received)
