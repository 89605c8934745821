"""The page through a real nginx, as docs/proxies.md tells to set it up, and as people set it up at first."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.ports import free_port
from support.waiting import PATIENCE_S, cannot, wait_for
from temphub_kernel.core.clock import iso_utc, now_ms

NUMBER = '#rendered_cells .th-card[data-probe="p"] .th-number'
DOCUMENT = Path(__file__).parents[2] / "docs" / "proxies.md"
CONFIG = """daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; {locations} }}
}}
"""


@pytest.fixture(scope="module")
def hub(lasting_temphub):
    """A hub with a reading, which believes the proxy on this computer."""
    temphub = lasting_temphub(TRUSTED_PROXIES="127.0.0.1")
    post(temphub, 20.25)
    # While the pages' kernel is still busy with its own start a page begins without values, and so it stays
    # where no websocket comes through.
    wait_for(lambda: b'data-probe="p"' in temphub.page_ready(), 60, 0.2)
    return temphub


@pytest.fixture
def nginx(hub, tmp_path):
    """Starts nginx with these locations; the address it is at."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/sbin") or cannot(
        "there is no nginx on this computer (Debian: apt-get install nginx-light)"
    )
    running = []

    def start(locations: str) -> str:
        port, config = free_port(), tmp_path / "nginx.conf"
        config.write_text(
            CONFIG.format(
                folder=tmp_path,
                port=port,
                locations=locations.replace("127.0.0.1:8088", f"127.0.0.1:{hub.port}"),
            )
        )
        running.append(
            subprocess.Popen([program, "-c", str(config), "-p", str(tmp_path)], stderr=subprocess.DEVNULL)
        )
        wait_for(
            lambda: (
                "200" in asked(f"http://127.0.0.1:{port}/api/health")
                or "200" in asked(f"http://127.0.0.1:{port}/temp/api/health")
            )
        )
        return f"http://127.0.0.1:{port}"

    yield start
    for process in running:
        process.terminate()
        process.wait(PATIENCE_S)


def asked(url: str, *more: str) -> str:
    """What curl gets: status line, headers and body."""
    return subprocess.run(
        ["curl", "-si", "-m", "10", *more, url], capture_output=True, text=True, check=False
    ).stdout


def post(temphub, celsius):
    assert temphub.ask("POST", "/api/ingest", {"temperature_c": celsius, "probe_id": "p"}) == (
        200,
        {"ok": True},
    )


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def test_as_the_documentation_says(hub, nginx, page):
    """With the lines of docs/proxies.md the page is there and live, and changes made on it are taken."""
    (location,) = re.findall(r"  (location / \{.*?\n  \})", DOCUMENT.read_text(encoding="utf-8"), re.S)
    url = nginx(location)
    page.goto(url, wait_until="commit")
    page.wait_for_selector(f"{NUMBER}:visible", timeout=60_000)
    post(hub, 23.75)
    wait_for(lambda: page.locator(NUMBER).inner_text().strip() == "23.75", 20)
    assert not page.locator(":is(#lost, #dead)").filter(visible=True).count()
    said = page.evaluate(
        "fetch('/api/annotate', {method: 'POST', body: JSON.stringify({text: 'through nginx', from_ms: 1, "
        "to_ms: 1})}).then(r => r.json())"
    )
    assert said["ok"], said


def test_what_is_changed_on_the_page_is_noted_with_its_visitor(hub, nginx, browser):
    """Two visitors of one hub strike out and undo by the page's own buttons: the log of changes names each
    with his address, although the pages' kernel on the hub's computer asked for both."""
    (location,) = re.findall(r"  (location / \{.*?\n  \})", DOCUMENT.read_text(encoding="utf-8"), re.S)
    far = nginx(location.replace("proxy_pass", "proxy_bind 127.0.0.3; proxy_pass"))
    post(hub, 21.5)
    now = now_ms()
    query = f"?window=1h&probes=p&range={iso_utc(now - 600_000)}_{iso_utc(now + 1_000)}"
    for nth, (url, button) in enumerate(((far, "Strike out"), (f"http://127.0.0.1:{hub.port}", "Undo: ")), 1):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.goto(f"{url}/{query}", wait_until="commit")
        page.locator("#rendered_cells").get_by_role("button", name=button).first.click(timeout=60_000)
        wait_for(lambda nth=nth: len(changes(hub, "/api/strike-out")) == nth, 30)
        context.close()
    told = [(line["address"], line["by"], line["through"]) for line in changes(hub, "/api/strike-out")]
    assert told == [("127.0.0.3", "anyone", "page"), ("127.0.0.1", "anyone", "page")]


def changes(hub, what):
    """The lines of the log of changes about one path."""
    path = hub.data_dir / "temphub_changes.log"
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()
    return [line for line in lines if line["what"] == what]


def test_with_a_plain_proxy_pass(hub, nginx, page):
    """It speaks HTTP/1.0 and passes no websocket: the page shows its values, and says that they stand still
    and why."""
    url = nginx("location / { proxy_pass http://127.0.0.1:8088; }")
    page.goto(url, wait_until="commit")
    # A page that heard nothing for long says so before it knows what is in the way.
    wait_for(lambda: "Host and Upgrade" in "".join(page.locator("#dead:visible").all_inner_texts()), 30)
    assert page.locator("#first .th-card").first.is_visible()
    assert "</html>" in asked(url) and "\r\n0\r\n" not in asked(url)


@pytest.mark.parametrize("target", ["http://127.0.0.1:8088/", "http://127.0.0.1:8088"])
def test_below_a_path_it_is_refused_in_words(hub, nginx, page, target):
    """A path of its own is not supported, whether the proxy takes it away or not, and that is told: no page
    of bones, none of Jupyter's."""
    url = nginx(
        f"location /temp/ {{ proxy_pass {target}; }} location /api/ {{ proxy_pass http://127.0.0.1:8088; }}"
    )
    page.goto(f"{url}/temp/", wait_until="commit")
    wait_for(lambda: re.search("host name of its own|host name only", page.locator("body").inner_text()), 30)
