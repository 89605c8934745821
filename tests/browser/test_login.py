"""The page behind a password, in a real browser."""

import pytest

from support.waiting import wait_for

LINE = ".th-chart path.line"


@pytest.mark.browser
def test_the_page_behind_a_password(start_temphub, browser):
    """The browser is asked for the password, a wrong one is said to be wrong, the right one shows the page
    with its live chart and nothing in the console of what was refused; after logging out the page is closed
    again."""
    temphub = start_temphub(UI_PASSWORD="open sesame", SERVER_TOKEN="s3cret")

    def post(celsius):
        told = {"temperature_c": celsius, "probe_id": "Fridge"}
        assert temphub.ask("POST", f"/api/ingest?token=s3cret&n={celsius}", told)[0] == 200

    for celsius in (20.5, 21.5):
        post(celsius)
    wait_for(lambda: len(temphub.kernels()) == 2, 60)
    context = browser.new_context()
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"http://127.0.0.1:{temphub.port}/")
    assert page.url.endswith("/login")
    page.fill("#password", "wrong password")
    page.click("button")
    page.wait_for_selector("p[role=alert]")
    complaints.clear()
    page.fill("#password", "open sesame")
    page.click("button")
    page.wait_for_selector(LINE, state="attached", timeout=60_000)
    # Of now, however long that took: whoever is silent for half a minute stands in the title.
    post(20.5)
    wait_for(lambda: page.title() == "TempHub", 10)
    # What the browser itself makes of it for a home screen.
    manifest = context.new_cdp_session(page).send("Page.getAppManifest")
    assert manifest["url"].endswith("/manifest.webmanifest") and not manifest["errors"], manifest
    # The page's own kernel asks the hub with the data folder's key.
    page.get_by_role("button", name="Show all", exact=True).click()
    page.locator(".th-provision").first.click()
    wait_for(lambda: len(page.locator(".th-outcome").first.inner_text()) > 20, 20)
    assert "password" not in page.locator(".th-outcome").first.inner_text()
    assert not [text for text in complaints if "Content Security Policy" in text or "Refused" in text], (
        complaints
    )
    assert page.evaluate("fetch('/api/probes').then(r => r.status)") == 200
    page.get_by_role("link", name="Log out").click()
    page.wait_for_url("**/logout")
    page.click("button")
    # Gone to another address before that is answered, the browser might never have asked.
    page.wait_for_url("**/login")
    page.goto(f"http://127.0.0.1:{temphub.port}/")
    assert page.url.endswith("/login")
    context.close()
    assert temphub.stop() == 0
