// What alarms need of a browser: title and sign of the tab, minutes that count on, the present value beside them; and, for who asks for
// it with a click, a sound and the browser's own notifications. It hears through the same hidden element as chart.js.
(function () {
  "use strict";
  const COLOURS = { critical: "#b3261e", warning: "#9a4a00" }, AGAIN_MS = 60000, NAME = "temphub_name", NOTIFY = "temphub_notify";
  const plain = document.title, icon = document.querySelector('link[rel="icon"]'), usual = icon?.href;
  let facts = {}, last = "", known = null, sound = null, beeped = 0, form = null, about = undefined, within = false;

  function keep(name, value) { try { localStorage.setItem(name, value); } catch { /* a browser that keeps nothing */ } }
  function kept(name) { try { return localStorage.getItem(name) || ""; } catch { return ""; } }

  function hear() {
    const element = document.querySelector("#rendered_cells .th-told [data-alarms]") || document.querySelector(".th-told [data-alarms]");
    if (element && element.dataset.alarms !== last) {
      last = element.dataset.alarms;
      facts = JSON.parse(last);
      dress();
      tell();
    }
    opened();
    sign();
    count();
  }

  // The tab says it, too: whoever has other pages in front sees it there.
  function dress() {
    const more = facts.count > 1 ? `(${facts.count}) ` : "", told = (facts.title || "") + (facts.since ? facts.lasting.replace("{}", since(facts.since)) : "");
    // A browser gives a title back with single spaces: one that never is as it was set would be set for ever, since this hears of it.
    const title = (told ? `⚠ ${more}${told} – ${plain}` : plain).replace(/[\t\n\f\r ]+/g, " ").trim();
    if (document.title !== title) document.title = title;
    if (!icon) return;
    const shape = facts.worst === "critical" ? '<path d="M10 1h12l9 9v12l-9 9H10l-9-9V10z"' : '<path d="M16 1 31 30H1z"';
    const href = facts.worst ? "data:image/svg+xml," + encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
      + `${shape} fill="${COLOURS[facts.worst]}"/><path d="M16 8v12M16 24v3" stroke="#fff" stroke-width="4"/></svg>`) : usual;
    if (icon.href !== href) icon.href = href;
  }

  function put(element, text) { if (element.textContent !== text) element.textContent = text; }
  // `12 min`, as the page's other parts write it.
  function since(ms) {
    const seconds = Math.max(0, (Date.now() + (count.skew || 0) - Number(ms)) / 1000);
    const [, unit, words] = (facts.spans || []).find(([below]) => seconds < below) || [];
    return words ? words.replace("{}", Math.floor(seconds / unit)) : "";
  }
  function count() {
    const clock = document.querySelector(".th-pulse [data-now]") || document.querySelector("#first [data-now]");
    if (clock && clock.dataset.now !== count.now) { count.now = clock.dataset.now; count.skew = Number(count.now) - Date.now(); }
    if (facts.since) dress();
    for (const element of document.querySelectorAll("[data-lasting]")) {
      const told = since(element.dataset.lasting);
      if (told) put(element, told);
    }
    for (const element of document.querySelectorAll("[data-now-of]")) {
      const number = document.querySelector(`#rendered_cells .th-card[data-probe="${CSS.escape(element.dataset.nowOf)}"] .th-number`);
      if (number) put(element, number.textContent);
    }
    for (const element of document.querySelectorAll("[data-worst-of]")) {
      const worst = facts.worsts?.[element.dataset.worstOf];
      if (worst) put(element, worst);
    }
  }

  // A form that was just opened is brought into sight and has the keyboard; the name typed once is there the next time.
  // So is one that was filled anew for another probe or alarm.
  function opened() {
    const there = [...document.querySelectorAll(".th-alarm-form, .th-limits-form")].find((one) => one.querySelector("button")) || null;
    const title = there?.querySelector("h2")?.textContent;
    if (there === form && title === about) {
      // What was pressed in it is gone when it is answered: the keyboard stays in the form.
      if (within && document.activeElement === document.body) form?.querySelector(":scope > .th-buttons button")?.focus({ preventScroll: true });
      return;
    }
    about = title;
    const top = document.querySelector("#rendered_cells .th-alarms-top");
    form = there;
    // What became of it stands where it was opened.
    if (!form) { if (top && top.getBoundingClientRect().top < 0) top.scrollIntoView({ block: "start" }); return; }
    // After two frames all of it is there.
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(sight, 60)));
  }
  // Once each: who emptied the field wants it empty.
  function sign() {
    for (const who of document.querySelectorAll(".th-who input:not([data-seen])")) {
      who.dataset.seen = "";
      if (who.value || !kept(NAME)) continue;
      who.value = kept(NAME);
      for (const kind of ["input", "change"]) who.dispatchEvent(new Event(kind, { bubbles: true }));
    }
  }
  function sight() {
    if (!form?.isConnected) return;
    form.querySelector("button")?.focus({ preventScroll: true });
    const { top, bottom } = form.getBoundingClientRect();
    if (top < 0 || bottom > innerHeight) form.scrollIntoView({ block: bottom - top > innerHeight ? "start" : "end" });
  }
  document.addEventListener("focusin", (event) => { within = Boolean(form?.contains(event.target)); });
  document.addEventListener("focusout", ({ target }) => setTimeout(() => { if (target.isConnected && document.activeElement !== target) within = Boolean(form?.contains(document.activeElement)); }));
  // Enter in a field does what its form is for; on a phone the keyboard stands before the button.
  document.addEventListener("keydown", (event) => {
    const row = event.key === "Enter" && !event.isComposing && event.target.matches?.(".th input:not([type=checkbox])") && event.target.closest(".th-fields, .th-form");
    if (!row) return;
    const button = row.querySelector("button.th-primary, button") || row.parentElement.querySelector(":scope > .th-buttons .th-primary");
    if (!button || button.disabled) return;
    event.preventDefault();
    // The field tells its value when it is left.
    button.focus({ preventScroll: true });
    button.click();
    // A field keeps its keys to itself.
  }, true);
  // Escape ends a search.
  document.addEventListener("keydown", ({ key, target }) => {
    if (key !== "Escape" || !target.value || !target.closest?.(".th-search")) return;
    target.value = "";
    for (const kind of ["input", "change"]) target.dispatchEvent(new Event(kind, { bubbles: true }));
  }, true);
  document.addEventListener("change", (event) => { if (event.target.closest?.(".th-who")) keep(NAME, event.target.value); });

  // --- for who asked for it: a sound (browsers allow one after a click only), and the browser's notifications ---
  function tell() {
    const loud = facts.loud || [], news = loud.filter(([number]) => known && !known.has(number));
    // What was there when the page was opened is seen on it.
    known = new Set(loud.map(([number]) => number));
    if (loud.length && sound) beep();
    if (kept(NOTIFY) !== "on" || !window.isSecureContext || !window.Notification || Notification.permission !== "granted") return;
    for (const [number, text] of news) new Notification(text, { tag: `temphub-${number}`, icon: icon?.href });
  }
  function beep() {
    if (!sound || sound.state !== "running") return;
    beeped = Date.now();
    const times = facts.worst === "critical" ? 3 : 2;
    for (let place = 0; place < times; place++) {
      const tone = sound.createOscillator(), loud = sound.createGain(), at = sound.currentTime + place * 0.35;
      tone.frequency.value = facts.worst === "critical" ? 880 : 660;
      loud.gain.setValueAtTime(0.25, at);
      loud.gain.exponentialRampToValueAtTime(0.001, at + 0.28);
      tone.connect(loud).connect(sound.destination);
      tone.start(at);
      tone.stop(at + 0.3);
    }
  }
  function pressed() {
    // Whether what a button opens is open, for who does not see it.
    for (const button of document.querySelectorAll(".th-tools .widget-toggle-button")) {
      const open = String(button.classList.contains("mod-active"));
      if (button.getAttribute("aria-expanded") !== open) button.setAttribute("aria-expanded", open);
    }
    const on = { sound: Boolean(sound), notify: kept(NOTIFY) === "on" && window.Notification?.permission === "granted" };
    for (const button of document.querySelectorAll("[data-alarm-set]")) {
      button.hidden = button.dataset.alarmSet === "notify" && !(window.isSecureContext && window.Notification);
      const state = String(on[button.dataset.alarmSet]);
      if (button.getAttribute("aria-pressed") !== state) button.setAttribute("aria-pressed", state);
    }
  }
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-alarm-set]");
    if (!button) return;
    if (button.dataset.alarmSet === "sound") {
      if (sound) { sound.close(); sound = null; }
      else { sound = new AudioContext(); await sound.resume(); facts.worst ? beep() : blip(); }
    } else if (kept(NOTIFY) === "on") keep(NOTIFY, "");
    else if ((await Notification.requestPermission()) === "granted") keep(NOTIFY, "on");
    pressed();
  });
  // So that one hears that it works.
  function blip() { facts.worst = "warning"; beep(); facts.worst = ""; }

  new MutationObserver(() => { hear(); pressed(); }).observe(document.documentElement, { childList: true, subtree: true });
  hear();
  setInterval(() => { count(); if (facts.count && sound && Date.now() - beeped > AGAIN_MS) beep(); }, 1000);
})();
