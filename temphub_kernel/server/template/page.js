// The page's own script: shows the widgets when they are there, tells the kernel the viewer's time zone, and notices when
// the hub is gone. Runs before the one that makes the widgets, because it must see the kernel's websocket being opened.
(function () {
  "use strict";
  // The kernel gives a sign of life every 2 s: two missed ones are told, so within 5 s.
  const QUIET_MS = 4300, LOOK_MS = 500, CHECK_MS = 2000, PATIENCE_MS = 30000, TAKEOVER_MS = 4000, SOON_MS = 15000;
  // A connection that is open, of a visit that is known, is late and not lost: a busy kernel goes on, and opening the page would make it later.
  const LATE_MS = 20000;
  // A page without life is told as such: soon when it is known what fails, else when a weak Wi-Fi would have brought it.
  const FAILED_MS = 4000, NOTHING_MS = 10000;
  // Opened anew ever more rarely where each time may end like the last one: a proxy that passes nothing on stays as it is, a script that is there again was only late.
  const SLOWLY_MS = 60000, MISSING_MS = 4000, MOST_AGAIN = 5, AGAIN = "temphub_reloads", FOR = "temphub_reloaded_for", ONCE_MORE_MS = 90000;
  const opened = Date.now();
  let missing = "", refused = false;
  // The kernel's connections that are open.
  const sockets = new Set();
  let visit = "";
  const config = document.getElementById("th-page").dataset;
  let heard = Date.now(), checked = Date.now(), lost = false, leaving = false, shown = false, ready = 0;
  const LIVE = "#rendered_cells :is(.th-card .th-number, .th-empty, .th-is-unread, .cell-error)";
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  // So that the next page is drawn in the viewer's time before any of its scripts has run.
  if (zone) document.cookie = `temphub_zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=strict`;

  // When all cells are in the page, which may be long before the rest of it.
  let complete = false;
  window.thCells = new Promise((done) => { window.thCellsThere = () => { complete = true; done(); }; });
  // When the widgets have taken over.
  let takenOver;
  window.thShown = new Promise((done) => { takenOver = done; });

  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...args) {
      super(...args);
      const [address] = /^.*\/api\/kernels\/[^/]+(?=\/channels)/.exec(String(args[0])) ?? [];
      if (!address) return;
      visit = address.replace(/^ws/, "http");
      this.addEventListener("open", () => { sockets.add(this); heard = Date.now(); });
      this.addEventListener("message", () => { heard = Date.now(); });
      this.addEventListener("close", () => {
        const had = sockets.delete(this);
        refused = !had;
        // One of several that ends is no loss: the page hears by the others.
        if (had && !sockets.size) lose();
      });
    }
  };

  // What an address answers, null when nothing good comes in time.
  async function told(url) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), CHECK_MS);
    try {
      const reply = await fetch(url, { cache: "no-store", signal: stop.signal });
      return reply.ok ? await reply.text() : null;
    } catch { return null; }
    finally { clearTimeout(timer); }
  }
  async function answers(url) { return (await told(url)) !== null; }

  async function late() {
    return sockets.size > 0 && Date.now() - heard < LATE_MS && await answers(visit);
  }

  function say(gone) {
    lost = gone;
    document.body.classList.toggle("lost", gone);
    document.getElementById("lost").hidden = !gone;
  }

  async function lose() {
    if (lost || leaving) return;
    say(true);
    const since = Date.now();
    do {
      // A page server that was killed is there again in a moment; after that nobody is in a hurry.
      await new Promise((done) => setTimeout(done, Date.now() - since < SOON_MS ? LOOK_MS : CHECK_MS));
      // It was only late: the same connection goes on, and with it all that is on the page.
      if (sockets.size && Date.now() - heard < CHECK_MS) return say(false);
    }
    // The page itself must be there too: the hub may answer before it can serve pages again.
    while (!(await answers("/api/health")) || !(await answers(config.alive)) || await late());
    anew();
  }

  function anew() {
    leaving = true;
    location.reload();
    // Of a way there that came to nothing this page would wait for ever.
    setInterval(() => location.reload(), ONCE_MORE_MS);
  }

  // --- not live: no widget has come, so nothing that is shown has proof that it is of now ---
  addEventListener("error", (event) => { if (event.target?.tagName === "SCRIPT") missing = missing || event.target.src; }, true);
  function doubt() {
    if (shown || lost || leaving) return;
    const waited = Date.now() - opened;
    again(waited);
    const below = location.pathname !== "/";
    if (waited < (missing || refused || below ? FAILED_MS : NOTHING_MS)) return;
    const notice = document.getElementById("dead"), taken = document.querySelector("#first time")?.textContent;
    const told = taken ? config.notLiveSince.replace("{}", taken) : config.notLive;
    const why = below ? config.below : missing ? config.noScripts : refused ? config.noSocket : config.nothing.replace("{}", Math.floor(waited / 10000) * 10);
    put(notice.children[0], told);
    put(notice.children[1], why);
    notice.hidden = false;
    document.body.classList.add("dead");
  }
  // An alert is read aloud whenever it changes.
  function put(element, text) { if (element.textContent !== text) element.textContent = text; }

  // What was in the way may be gone: the page is opened anew when all it needs is there.
  let looking = false;
  async function again(waited) {
    if (looking || waited < (missing || refused ? CHECK_MS : NOTHING_MS)) return;
    looking = true;
    setTimeout(() => { looking = false; }, CHECK_MS);
    const health = await told("/api/health"), run = health && await told(config.run);
    if (run === null) return;
    // The hub began after this page did, so what was missing of it never comes. (A browser does not say that a page broke off.)
    const cut = !complete && JSON.parse(health).uptime_s + 1 < waited / 1000;
    // Another page server, or another kernel behind it, than those that made this page: they never heard of its visit.
    const orphaned = cut || (run !== config.ofRun && kept(FOR) !== run), times = Number(kept(AGAIN)) || 0;
    if (!orphaned && waited < (missing ? MISSING_MS : SLOWLY_MS) * 2 ** Math.min(times, MOST_AGAIN)) return;
    if (missing && !(await answers(missing))) return;
    if (shown || lost || leaving) return;
    if (keep(orphaned ? FOR : AGAIN, orphaned ? run : times + 1)) anew();
  }
  // A browser that keeps nothing could not tell the first time from the hundredth.
  function keep(name, value) { try { sessionStorage.setItem(name, value); return true; } catch { return false; } }
  function kept(name) { try { return sessionStorage.getItem(name); } catch { return null; } }

  // The page server has put a still picture of the page here; it stays until the widgets can take its place.
  window.thFirst = function () {
    if (!document.querySelector("#first .th")) return;
    document.getElementById("loading").hidden = true;
    document.body.classList.add("first");
  };

  function drawable() {
    if (!document.querySelector(LIVE)) return false;
    ready = ready || Date.now();
    const drawn = document.querySelector("#rendered_cells .th-chart path.line") || !document.querySelector("#first .th-chart path");
    return drawn || Date.now() - ready > TAKEOVER_MS;
  }

  function reveal() {
    if (shown || !drawable()) return;
    shown = true;
    takeOver();
    window.dispatchEvent(new Event("resize"));
    tellZone();
  }

  // All in one go: no frame shows both, or neither, and the page stays scrolled to where it was.
  function takeOver() {
    const at = window.scrollY;
    document.getElementById("rendered_cells").classList.remove("waiting");
    for (const id of ["loading", "first"]) document.getElementById(id)?.remove();
    document.body.classList.remove("first", "dead");
    document.getElementById("dead").hidden = true;
    try { for (const name of [AGAIN, FOR]) sessionStorage.removeItem(name); } catch { /* nothing is kept there */ }
    window.scrollTo(0, at);
    takenOver();
  }

  function tellZone() {
    const field = document.querySelector("#rendered_cells .th-zone input");
    if (!field) return;
    field.value = zone;
    for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
  }

  // Beside the text that it copies. Without https a browser has no clipboard for scripts, only the old command.
  async function copy(button) {
    const text = button.closest("details")?.querySelector("pre");
    if (!text) return;
    try { await navigator.clipboard.writeText(text.textContent); }
    catch {
      getSelection().selectAllChildren(text);
      document.execCommand("copy");
    }
    button.textContent = button.dataset.done;
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".th-copy");
    if (button) copy(button);
  });

  // Voilà's own hooks. Cells without a dashboard (an analyst's notebook) are shown when Voilà is done with them.
  window.voila_heartbeat = function () {};
  window.voila_process = function () {};
  window.update_loading_text = function (_cell, _count, text) { if (text) document.getElementById("loading_text").textContent = text; };
  window.cellLoaded = true;
  window.voila_finish = function () { setTimeout(showAnyway, 8000); };
  function showAnyway() {
    if (shown || document.querySelector("#rendered_cells .th")) return;
    // A widget that is still awaited says so, or what it is called in Python: neither is for eyes.
    if (document.querySelector("#first[data-widgets]") && !document.querySelector("#rendered_cells .jupyter-widgets")) {
      setTimeout(showAnyway, LOOK_MS);
      return;
    }
    shown = true;
    takeOver();
  }

  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver((_, watcher) => { reveal(); if (shown) watcher.disconnect(); })
      .observe(document.getElementById("rendered_cells"), { childList: true, subtree: true });
    reveal();
    setInterval(reveal, LOOK_MS);
    setTimeout(() => { if (!shown) window.update_loading_text(0, 0, config.slow); }, PATIENCE_MS);
  });
  // At once, not when all is loaded: a script that never comes holds that up for ever.
  setInterval(doubt, LOOK_MS);
  window.addEventListener("pagehide", () => { leaving = true; });
  window.addEventListener("beforeunload", () => { leaving = true; });
  setInterval(() => {
    const now = Date.now();
    // A computer that slept, or a tab in the background: what waits in the socket is given time to arrive first.
    if (now - checked > 4 * LOOK_MS) heard = now;
    checked = now;
    if (sockets.size && document.querySelector("#rendered_cells .th-pulse") && now - heard > QUIET_MS) lose();
  }, LOOK_MS);
})();
