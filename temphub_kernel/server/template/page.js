// The page's own script: shows the widgets when they are there, tells the kernel the viewer's time zone, and notices when
// the hub is gone. Runs before Voilà's script, because it must see the kernel's websocket being opened.
(function () {
  "use strict";
  // The kernel gives a sign of life every 5 s; three missed ones are not chance.
  const QUIET_MS = 16000, CHECK_MS = 2000, PATIENCE_MS = 30000;
  const config = document.getElementById("th-page").dataset;
  let heard = Date.now(), checked = Date.now(), connected = false, lost = false, leaving = false, shown = false;

  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...args) {
      super(...args);
      if (!/\/api\/kernels\/[^/]+\/channels/.test(String(args[0]))) return;
      this.addEventListener("open", () => { connected = true; heard = Date.now(); });
      this.addEventListener("message", () => { heard = Date.now(); });
      this.addEventListener("close", () => { if (connected) lose(); });
    }
  };

  async function answers(url) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), CHECK_MS);
    try { return (await fetch(url, { cache: "no-store", signal: stop.signal })).ok; }
    catch { return false; }
    finally { clearTimeout(timer); }
  }

  async function lose() {
    if (lost || leaving) return;
    lost = true;
    document.body.classList.add("lost");
    document.getElementById("lost").hidden = false;
    do { await new Promise((done) => setTimeout(done, CHECK_MS)); }
    // The page itself must be there too: the hub may answer before it can serve pages again.
    while (!(await answers("/api/health")) || !(await answers(config.alive)));
    leaving = true;
    location.reload();
  }

  function reveal() {
    if (shown || !document.querySelector("#rendered_cells :is(.th-card .th-number, .th-empty, .th-is-unread, .cell-error)")) return;
    shown = true;
    document.getElementById("loading").remove();
    document.getElementById("rendered_cells").classList.remove("waiting");
    window.dispatchEvent(new Event("resize"));
    tellZone();
  }

  function tellZone() {
    const field = document.querySelector(".th-zone input");
    if (!field) return;
    field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
    for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
  }

  // Voilà's own hooks. Cells without a dashboard (an analyst's notebook) are shown when Voilà is done with them.
  window.voila_heartbeat = function () {};
  window.voila_process = function () {};
  window.update_loading_text = function (_cell, _count, text) { if (text) document.getElementById("loading_text").textContent = text; };
  window.cellLoaded = true;
  window.voila_finish = function () { setTimeout(showAnyway, 8000); };
  function showAnyway() {
    if (shown || document.querySelector("#rendered_cells .th")) return;
    shown = true;
    document.getElementById("loading").remove();
    document.getElementById("rendered_cells").classList.remove("waiting");
  }

  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver((_, watcher) => { reveal(); if (shown) watcher.disconnect(); })
      .observe(document.getElementById("rendered_cells"), { childList: true, subtree: true });
    reveal();
    setTimeout(() => { if (!shown) window.update_loading_text(0, 0, config.slow); }, PATIENCE_MS);
  });
  window.addEventListener("pagehide", () => { leaving = true; });
  window.addEventListener("beforeunload", () => { leaving = true; });
  setInterval(() => {
    const now = Date.now();
    // A computer that slept, or a tab in the background: what waits in the socket is given time to arrive first.
    if (now - checked > 3 * CHECK_MS) heard = now;
    checked = now;
    if (connected && document.querySelector(".th-pulse") && now - heard > QUIET_MS) lose();
  }, CHECK_MS);
})();
