"""The page in a real browser, through the front door."""

from urllib.parse import urlsplit

import pytest

from support.waiting import wait_for

LINE = ".th-chart path.line"


def post(temphub, celsius, probe_id="TempProbe-0096", age_ms=0):
    status, answer = temphub.ask(
        "POST", "/api/ingest", {"temperature_c": celsius, "probe_id": probe_id, "age_ms": age_ms}
    )
    assert (status, answer) == (200, {"ok": True})


@pytest.fixture(scope="module")
def lasting(lasting_temphub):
    """A hub with two probes' last minute."""
    temphub = lasting_temphub()
    for ago in range(60, 0, -2):
        post(temphub, 20 + ago / 60, age_ms=ago * 1000)
        post(temphub, -18.5, "TempProbe-0097", ago * 1000)
    return temphub


def stored(temphub):
    """How many readings of the first probe there are."""
    status, answer = temphub.ask("GET", "/api/readings?probe_id=TempProbe-0096")
    assert status == 200
    return len(answer["readings"])


@pytest.fixture
def open_page(browser, temphub):
    """Opens the page; what it asked for and complained about is kept with it."""
    contexts = []

    def open_(width=1280, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.errors = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("websocket", lambda socket: page.asked.append(socket.url))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(f"http://127.0.0.1:{temphub.port}/", wait_until="commit")
        page.wait_for_selector(LINE, state="attached", timeout=60_000)
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "celsius"), [(1280, 31.5), (390, 29.75)])
def test_cards_and_a_line_that_moves_when_a_reading_is_posted(open_page, temphub, width, celsius):
    """At desktop and at phone width the page shows a card a probe and a line a probe; when a reading is
    posted the card has its value and the line moves; every request went to the hub; nothing is wider than the
    screen."""
    page = open_page(width)
    # What is wrong with a probe stands before it.
    assert page.title().endswith("TempHub")
    page.wait_for_selector('.th-card[data-probe="TempProbe-0096"] .th-number:visible')
    wait_for(lambda: page.locator('.th-card[data-probe^="TempProbe-009"]').count() == 2, 10)
    wait_for(lambda: page.locator(LINE).count() >= 2, 10)
    before = page.locator(LINE).evaluate_all("lines => lines.map(line => line.getAttribute('d')).join()")
    post(temphub, celsius)
    number = page.locator('.th-card[data-probe="TempProbe-0096"] .th-number')
    wait_for(lambda: number.inner_text().strip() == f"{celsius:.2f}", 5)
    moved = wait_for(
        lambda: (
            (
                now := page.locator(LINE).evaluate_all(
                    "lines => lines.map(line => line.getAttribute('d')).join()"
                )
            )
            != before
            and now
        ),
        5,
    )
    assert "NaN" not in str(moved)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert {urlsplit(url).netloc for url in page.asked if not url.startswith("data:")} == {
        f"127.0.0.1:{temphub.port}"
    }
    assert not page.errors


@pytest.mark.browser
def test_the_window_can_be_chosen(open_page):
    """Another window is shown at a click, on this page only."""
    page, other = open_page(), open_page()
    page.get_by_role("button", name="24 h", exact=True).click()
    wait_for(lambda: "24 hours" in page.locator(".th-panel h2").first.inner_text(), 5)
    assert "5 minutes" in other.locator(".th-panel h2").first.inner_text()


@pytest.mark.browser
@pytest.mark.parametrize("pressed", ["mouse", "space"])
def test_what_is_pressed_while_it_is_drawn_anew_is_done_once(open_page, temphub, pressed):
    """A reading comes while the mouse, or Space, is down on a card's button: let go, it does what it would
    have done, once. Let go elsewhere it does nothing."""
    page = open_page()
    button = '.th-card[data-probe="TempProbe-0096"] .th-name'
    name = page.locator(f"#rendered_cells {button}")
    name.wait_for()
    number = page.locator('#rendered_cells .th-card[data-probe="TempProbe-0096"] .th-number')

    def drawn_anew(celsius):
        before = name.element_handle()
        post(temphub, celsius)
        wait_for(lambda: number.inner_text().strip() == f"{celsius:.2f}", 10)
        assert not before.evaluate("element => element.isConnected")

    def down():
        if pressed == "space":
            name.focus()
            page.keyboard.down("Space")
        else:
            name.hover()
            page.mouse.down()

    def up():
        page.keyboard.up("Space") if pressed == "space" else page.mouse.up()

    page.evaluate(
        "window.done = []; document.addEventListener('click', (event) => "
        "{ done.push(event.target.closest('[data-do]')?.dataset.do); })"
    )
    for celsius, opened in ((33.25, "true"), (34.5, "false")):
        down()
        drawn_anew(celsius)
        up()
        wait_for(lambda opened=opened: name.get_attribute("aria-expanded") == opened, 10)
    assert page.evaluate("done") == ['{"open": "TempProbe-0096"}'] * 2
    # A press that the browser has not forgotten is its own.
    down()
    up()
    wait_for(lambda: name.get_attribute("aria-expanded") == "true", 10)
    down()
    drawn_anew(35.75)
    if pressed == "space":
        page.locator("body").evaluate("() => document.activeElement.blur()")
    else:
        page.mouse.move(2, 2)
    up()
    down()
    up()
    wait_for(lambda: name.get_attribute("aria-expanded") == "false", 10)
    assert page.evaluate("done.length") == 4 and not page.errors


@pytest.mark.browser
def test_scripts_travel_once_and_packed(browser, temphub):
    """The first visit fetches less than 2 MB; the second asks for the page and a few small answers and for no
    script at all."""
    context = browser.new_context()
    received = []
    for _ in range(2):
        page, took = context.new_page(), {}
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        network.on(
            "Network.loadingFinished",
            lambda event, took=took: took.update({event["requestId"]: event["encodedDataLength"]}),
        )
        page.goto(f"http://127.0.0.1:{temphub.port}/", wait_until="commit")
        page.wait_for_selector(LINE, state="attached", timeout=60_000)
        received.append([size for size in took.values() if size])
        page.close()
    context.close()
    assert 500_000 < sum(received[0]) < 2_000_000
    assert len(received[1]) <= 4 and sum(received[1]) < 60_000


@pytest.mark.browser
def test_a_probe_can_be_provisioned_from_the_page(open_page):
    """'Provision now' says in words what came of it."""
    page = open_page()
    page.get_by_role("button", name="Show all", exact=True).click()
    page.locator(".th-provision").first.click()
    wait_for(lambda: len(page.locator(".th-outcome").first.inner_text()) > 20, 20)


@pytest.mark.browser
def test_a_hub_that_is_killed_comes_back_on_the_open_page(open_page, temphub):
    """The page stays open while the hub kernel is replaced, and shows what is posted afterwards."""
    page = open_page()
    wait_for(temphub.hub_kernel).kill()
    wait_for(temphub.answers, 10)
    post(temphub, 44.25)
    number = page.locator('.th-card[data-probe="TempProbe-0096"] .th-number')
    wait_for(lambda: number.count() and number.first.inner_text().strip() == "44.25", 30)


@pytest.mark.browser
def test_a_page_cannot_reach_the_hub_kernel(open_page, temphub):
    """The hub kernel's id opens nothing: no address of the page server answers for it, and the hub goes
    on."""
    page = open_page()
    kernel = wait_for(temphub.hub_kernel)
    listed = page.evaluate("fetch('/v/api/kernels').then(r => r.status)")
    assert listed in (403, 404)
    name = " ".join(kernel.cmdline()).split("/hub-")[1].split(".json")[0]
    for path in (f"/v/voila/api/shutdown/{name}", f"/v/api/kernels/{name}"):
        assert page.evaluate(f"fetch('{path}', {{method: 'POST'}}).then(r => r.status)") >= 400
    assert kernel.is_running() and temphub.answers()


RUN_CODE = """async ([visit, asked, code]) => {
  const socket = new WebSocket(`ws://${location.host}/v/api/kernels/${visit}/channels`,
    'v1.kernel.websocket.jupyter.org');
  socket.binaryType = 'arraybuffer';
  await new Promise((yes, no) => { socket.onopen = yes; socket.onerror = no; });
  const said = [];
  const answered = new Promise(yes => { socket.onmessage = event => {
    const view = new DataView(event.data), at = n => Number(view.getBigUint64(8 * (n + 1), true));
    const [kind, asked] = [1, 2].map(n => JSON.parse(new TextDecoder().decode(event.data.slice(at(n),
      at(n + 1)))));
    if (asked.session === 'x') said.push([kind.msg_type, asked.msg_type]);
    if (asked.session === 'x' && kind.msg_type === 'kernel_info_reply') yes();
  }; });
  const send = (channel, kind, content) => {
    const date = new Date().toISOString();
    const header = {msg_id: kind + Math.random(), msg_type: kind, session: 'x', username: 'x', date,
      version: '5.3'};
    const parts = [channel, ...[header, {}, {}, content].map(part => JSON.stringify(part))].map(part =>
      new TextEncoder().encode(part));
    const count = parts.length + 1, offsets = [8 * (count + 1)];
    for (const part of parts) offsets.push(offsets.at(-1) + part.length);
    const whole = new Uint8Array(offsets.at(-1)), view = new DataView(whole.buffer);
    view.setBigUint64(0, BigInt(count), true);
    offsets.forEach((offset, at) => view.setBigUint64(8 * (at + 1), BigInt(offset), true));
    parts.forEach((part, at) => whole.set(part, offsets[at]));
    socket.send(whole);
  };
  for (const channel of ['shell', 'control']) send(channel, asked,
    {code, silent: false, store_history: false, stop_on_error: false});
  send('shell', 'kernel_info_request', {});
  await answered;
  socket.close();
  return said;
}"""


@pytest.mark.browser
def test_a_page_cannot_run_code(open_page, temphub, tmp_path):
    """Whoever has a page's own websocket can ask the kernel who it is, but not have it run code: on no
    channel, by no message."""
    page = open_page()
    visit = next(url.split("/kernels/")[1].split("/")[0] for url in page.asked if "/channels" in url)
    proof = tmp_path / "code ran"
    code = f"open({str(proof)!r}, 'w').close()"
    said = [
        page.evaluate(RUN_CODE, [visit, kind, code])
        for kind in ("execute_request", "debug_request", "temphub_request")
    ]
    # What is told beside that of the page's own cells and widgets answers somebody else.
    for answers in said:
        assert ["kernel_info_reply", "kernel_info_request"] in answers and all(
            asked == "kernel_info_request" for _, asked in answers
        ), answers
    assert not proof.exists() and temphub.answers()


@pytest.mark.browser
@pytest.mark.timeout(180)
def test_ten_pages_opened_and_closed_leave_nothing(browser, temphub):
    """Ten pages are opened and closed while a probe delivers: no reading is refused, and afterwards no kernel
    is left but the hub's and the one kept ready."""
    before, delivered = stored(temphub), 0
    for number in range(10):
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{temphub.port}/", wait_until="commit")
        post(temphub, 20 + number)
        page.wait_for_selector(".th-card", timeout=60_000)
        post(temphub, 20.5 + number)
        delivered += 2
        # Half of them say goodbye as a closed tab does; the others are lost, as when a laptop sleeps.
        page.close(run_before_unload=number % 2 == 0)
        context.close()
    assert delivered == 20
    wait_for(lambda: len(temphub.kernels()) == 2, 40, 0.2)
    assert temphub.hub_kernel() is not None
    assert stored(temphub) == before + delivered


@pytest.mark.browser
def test_the_hub_is_checked_from_the_page_and_the_result_can_be_sent(open_page, temphub):
    """One press examines the hub's computer; the findings stand there in words; 'Copy' takes all of it, also
    where the page has no https and the browser therefore no clipboard for scripts."""
    page = open_page(390)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.locator(".th-doctor-panel .th-button:visible").first.click()
    page.wait_for_selector(".th-findings li:visible", timeout=60_000)
    told = page.locator(".th-findings:visible").inner_text()
    assert f"Port {temphub.port} is this hub's own" in told and "TempProbe" not in told.split("Journal")[0]
    page.locator(".th-doctor-panel summary:visible").click()
    page.locator(".th-copy:visible").click()
    page.wait_for_selector(".th-copy:text('Copied')")
    assert f"Port {temphub.port} is this hub's own" in page.evaluate("getSelection().toString()")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") and not page.errors
