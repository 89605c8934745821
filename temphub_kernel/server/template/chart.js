// What the dashboard's widgets cannot do by themselves: gestures on the chart, reading values off it, ages that count on,
// choices kept in the page's address. It tells the kernel through a hidden text field and hears through a hidden element.
(function () {
  "use strict";
  const TELL_MS = 160, DRAG_PX = 4, TWICE_MS = 350, HOLD_MS = 450, PASSING_MS = 400, FINEST_MS = 10000,
    SETTLED_MS = 250, FOLLOW_MS = 10000, MARKED_MS = 4000;
  let told = {}, skew = 0, number = 0, field = null, timer = 0, wanted = null, shift = null, mark = null, scrolled = -1e9, sought = null, moment = null, pictured = false, awaited = 0;
  const fingers = new Map();

  // Before anything is drawn: what only this script can do is shown, the theme and the wall screen as the address asks for.
  document.documentElement.classList.add("th-scripts");
  const asked = new URLSearchParams(location.search);
  dress(asked.get("theme"), ["1", "true", "yes", "on"].includes(asked.get("kiosk")));
  function dress(theme, kiosk) {
    const root = document.documentElement;
    // A wall screen is dark unless somebody chose otherwise: calm in a room, and what is wrong stands out.
    const chosen = theme === "dark" || theme === "light" ? theme : kiosk ? "dark" : "";
    if (chosen) root.dataset.thTheme = chosen; else delete root.dataset.thTheme;
    root.style.colorScheme = root.dataset.thTheme || "";
    root.classList.toggle("th-wall", Boolean(kiosk));
  }

  function say(what) {
    const input = document.querySelector(".th-sayings input");
    if (!input) return 0;
    input.value = JSON.stringify({ n: ++number, ...what });
    for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, { bubbles: true }));
    return number;
  }

  // --- the keyboard stays where it was when what it was on is drawn anew; a probe's own place has it when it opens ---
  let focused = "", opened = null, form = null;
  const asks = (element) => element?.closest?.("[data-do]")?.dataset.do || "";
  document.addEventListener("focusin", (event) => { focused = asks(event.target); });
  document.addEventListener("focusout", ({ target }) => setTimeout(() => { if (target.isConnected && document.activeElement !== target) focused = asks(document.activeElement); }));
  function held() {
    const name = document.querySelector(".th-place .th-editor input");
    if (name !== opened) {
      opened = name;
      if (name) { name.focus({ preventScroll: true }); name.select(); name.closest(".th-place").scrollIntoView({ block: "nearest", behavior: "smooth" }); }
    }
    // What was opened last stands first below the tools, which on a phone is where its screen ends.
    const first = document.querySelector(".th-forms")?.firstElementChild ?? null;
    if (first !== form && (!first || first.offsetHeight)) { form = first; first?.scrollIntoView({ block: "nearest", behavior: "smooth" }); }
    if (focused && document.activeElement === document.body) document.querySelector(`#rendered_cells [data-do="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  // --- a probe that stands elsewhere by its new name, group or place is followed there, and marked for a moment ---
  let used = null, marked = null, settling = 0;
  function stands(id) {
    const all = [...document.querySelectorAll("#rendered_cells :is(.th-card, .th-line)[data-probe]")], at = all.findIndex((one) => one.dataset.probe === id);
    return at < 0 ? null : { card: all[at], beside: [at - 1, at + 1].map((place) => all[place]?.dataset.probe).join() };
  }
  function follow() {
    if (marked) stands(marked)?.card.classList.add("th-moved");
    const form = document.querySelector(".th-place .th-editor");
    const id = form && document.querySelector('#rendered_cells .th-name[aria-expanded="true"]')?.closest("[data-probe]")?.dataset.probe;
    if (id) used = { id, beside: used?.id === id ? used.beside : stands(id)?.beside, until: 0 };
    if (!form && used && !used.until) used.until = Date.now() + FOLLOW_MS;
    // All that stands behind it is made anew when it moves, one by one: it is looked at when that is done.
    clearTimeout(settling);
    if (used) settling = setTimeout(settled, SETTLED_MS);
  }
  function settled() {
    const here = stands(used.id), name = here?.card.querySelector(".th-name");
    if (used.until && document.activeElement === document.body) name?.focus({ preventScroll: true });
    if (here && here.beside !== used.beside) {
      used.beside = here.beside;
      marked = used.id;
      here.card.classList.add("th-moved");
      here.card.scrollIntoView({ block: "nearest", behavior: "smooth" });
      setTimeout(() => { marked = null; document.querySelector(".th-moved")?.classList.remove("th-moved"); }, MARKED_MS);
    }
    if (used.until && Date.now() > used.until) used = null;
  }

  const narrow = () => innerWidth < 600;
  function hear() {
    const input = document.querySelector(".th-sayings input");
    if (input && input !== field) {
      field = input;
      const hour = Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions();
      say({ query: location.search, half_days: Boolean(hour.hour12), narrow: narrow() });
    }
    count();
    // A question has the keyboard, at the answer that changes nothing.
    const keep = document.querySelector(".th-question .th-keep");
    if (keep && keep !== hear.keep) keep.focus();
    hear.keep = keep === document.activeElement ? keep : keep && hear.keep;
    held();
    follow();
    // A still picture of the page carries the hub's clock as well.
    const now = document.querySelector(".th-pulse [data-now]") || document.querySelector("#first [data-now]");
    if (now && now.dataset.now !== hear.now) { hear.now = now.dataset.now; skew = Number(hear.now) - Date.now(); }
    const element = document.querySelector(".th-told [data-told]");
    if (!element || element.dataset.told === hear.last) return;
    hear.last = element.dataset.told;
    told = JSON.parse(hear.last);
    // The first news is from before the kernel has read this page's address.
    if (told.scripted) {
      const url = location.pathname + (told.query ? "?" + told.query : "") + location.hash;
      if (url !== location.pathname + location.search + location.hash) history.replaceState(history.state, "", url);
      dress(told.theme, told.kiosk);
      // Somebody chose another language: all of the page is made anew in it, what the kernel has no part in as well.
      const chosen = new URLSearchParams(location.search).get("language");
      if (chosen !== asked.get("language") && told.language !== document.documentElement.lang) location.reload();
      // An address that somebody was sent may name a moment.
      const at = Date.parse(asked.get("at"));
      asked.delete("at");
      if (at) sought = { ms: at, id: asked.get("of"), heard: 0 };
    }
    // News from before the last gesture was heard would undo it, and the next one would begin from there.
    if (!fingers.size && !timer && told.heard >= awaited) settle(); else aimed();
    point();
    drawn();
  }

  // --- ages ---
  function count() {
    const now = Date.now() + skew;
    for (const element of document.querySelectorAll("[data-since]")) {
      const seconds = Math.max(0, (now - Number(element.dataset.since)) / 1000);
      const [, unit, words] = (told.ages || []).find(([below]) => seconds < below) || [];
      if (!words) continue;
      const text = words.replace("{}", Math.floor(seconds / unit));
      if (element.textContent !== text) element.textContent = text;
    }
  }

  // --- the chart's place on the screen ---
  const plot = () => document.querySelector(".th-chart .plotarea_events");
  const within = (box, x, y) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
  function place() {
    const area = plot(), chart = told.chart;
    if (!area || !chart || !(chart.to > chart.from)) return null;
    const box = area.getBoundingClientRect();
    return { box, chart, at: (x) => chart.from + (x - box.left) / box.width * (chart.to - chart.from),
             x: (ms) => box.left + (ms - chart.from) / (chart.to - chart.from) * box.width };
  }
  function overlay() {
    const host = plot()?.closest(".th-chart");
    if (!host) return null;
    // In the panel, not in the chart, which cuts off what reaches beyond it: a long readout may.
    const panel = host.closest(".th-chart-panel");
    let layer = panel.querySelector(".th-layer");
    if (!layer) {
      layer = document.createElement("div");
      layer.className = "th-layer";
      layer.innerHTML = '<i class="th-range-mark"></i><i class="th-cross"></i><div class="th-tip"></div>';
      panel.append(layer);
      // bqplot looks at its size when the window's changes; a wall gives the chart less room while something is wrong.
      let tall = 0;
      new ResizeObserver(() => { const now = host.clientHeight; if (tall && now !== tall) dispatchEvent(new Event("resize")); tall = now; }).observe(host);
      // The chart takes its new size some time after the window has: until then what lies over it would stand out of a narrower page.
      new ResizeObserver(() => { drawRange(); drawn(); requestAnimationFrame(drawRange); }).observe(plot());
      // The lines come some frames after the news of them, on a slow machine many.
      new MutationObserver(drawn).observe(host, { subtree: true, attributes: true, attributeFilter: ["d"] });
      // Reachable with the keyboard; what it shows stands in the table as well.
      host.tabIndex = 0;
      host.setAttribute("role", "application");
      host.setAttribute("aria-labelledby", "th-chart-alt");
    }
    return layer;
  }

  // --- moving: seen at once, drawn anew when the kernel has answered ---
  function aim(from, to) {
    const here = place();
    if (!here || to - from < FINEST_MS) return;
    wanted = [from, to];
    aimed();
    clearTimeout(timer);
    timer = setTimeout(() => { timer = 0; awaited = say({ window: wanted.map(Math.round) }); }, TELL_MS);
  }
  // What is drawn, shown where it is to be.
  function aimed() {
    const here = wanted && place();
    if (!here) return;
    const { chart, box } = here, [from, to] = wanted, scale = (chart.to - chart.from) / (to - from);
    shift = `translate(${(chart.from - from) / (to - from) * box.width}px,0) scale(${scale},1)`;
    for (const mark of document.querySelectorAll(".th-chart .svg-figure g[clip-path] > g")) mark.style.transform = shift;
  }
  function settle() {
    if (shift) for (const mark of document.querySelectorAll(".th-chart .svg-figure g[clip-path] > g")) mark.style.transform = "";
    shift = wanted = null;
    drawRange();
    if (pictured) { pictured = false; picture(); }
  }
  function current() { return wanted || (told.chart ? [told.chart.from, told.chart.to] : null); }
  function zoom(factor, at) {
    const span = current();
    if (!span) return;
    const here = at ?? (span[0] + span[1]) / 2;
    const now = Date.now() + skew;
    // Near its right end a chart that follows the clock keeps that end.
    const follows = told.live && span[1] - here < 0.15 * (span[1] - span[0]);
    const right = follows ? now : Math.min(here + (span[1] - here) * factor, now);
    const length = (span[1] - span[0]) * factor;
    aim(right - length, right);
  }
  function pan(ms) {
    const span = current();
    if (span) aim(span[0] + ms, span[1] + ms);
  }

  function drawRange() {
    const layer = overlay(), here = place(), element = layer?.firstChild;
    if (!element || !here) return;
    drawNotes(layer, here);
    drawLines(layer, here);
    thLimits.draw(layer, here, told, say);
    const range = mark || told.chart.range;
    element.hidden = !range;
    if (!range) return;
    const host = layer.getBoundingClientRect(), edge = (ms) => Math.min(Math.max(here.x(ms), here.box.left), here.box.right) - host.left;
    const [left, right] = [edge(Math.min(...range)), edge(Math.max(...range))];
    element.style.cssText = `left:${left}px;width:${Math.max(right - left, 1)}px;top:${here.box.top - host.top}px;height:${here.box.height}px`;
  }

  // A number at the head of each note's line, as in the list below.
  function drawNotes(layer, here) {
    const notes = told.chart.notes || [], inside = (ms) => ms >= here.chart.from && ms <= here.chart.to;
    const flags = [...layer.querySelectorAll(".th-flag")], host = layer.getBoundingClientRect();
    notes.forEach((ms, place) => {
      const flag = flags[place] || layer.appendChild(line("th-flag", String(place + 1)));
      flag.hidden = !inside(ms);
      flag.style.cssText = `left:${here.x(ms) - host.left}px;top:${here.box.top - host.top}px`;
    });
    flags.slice(notes.length).forEach((flag) => flag.remove());
  }

  // What each limit is, above its line at the left, where no newest reading is; and what each pane is, above it.
  function drawLines(layer, here) {
    const lines = told.chart.lines || [], named = [...layer.querySelectorAll(".th-line-name")], host = layer.getBoundingClientRect();
    lines.forEach(([share, text, kind], place) => {
      const name = named[place] || layer.appendChild(line("th-line-name", ""));
      name.classList.toggle("th-pane-name", kind === "pane");
      if (name.textContent !== text) name.textContent = text;
      name.style.cssText = `left:${here.box.left - host.left}px;top:${here.box.bottom - share * here.box.height - host.top}px`;
    });
    named.slice(lines.length).forEach((name) => name.remove());
  }

  // --- reading values: see readout.js; what is shown stays right when the chart moves on below it ---
  let looked = null, redrawn = 0;
  function read(at) {
    const here = place(), layer = overlay();
    looked = at;
    // Where there is nothing to read yet, or lines are being moved, it is read as soon as they are drawn.
    if (here && layer && (shift || !thReadout.show(layer, host(), here, told, at))) layer.classList.remove("th-on");
  }
  function drawn() {
    if (looked && !redrawn) redrawn = requestAnimationFrame(again);
  }
  function again() {
    const box = place()?.box;
    redrawn = 0;
    if (!looked || !box) return;
    // A chart of another size may have left the pointer.
    if (looked.ms !== undefined || within(box, looked.x, looked.y)) read(looked); else unread();
  }
  // The moment that somebody asked for is read off by itself, once the chart has come to it.
  function point() {
    const here = place();
    if (!sought || !here || told.heard < sought.heard) return;
    if (sought.ms >= here.chart.from && sought.ms <= here.chart.to) {
      moment = { ...sought, of: here.chart.from };
      read({ ms: sought.ms, id: sought.id });
    }
    sought = null;
  }
  // While the chart is as it was shown for that.
  function pointed() { return moment && told.chart?.from === moment.of ? moment : null; }
  // What a button that leads to a moment says of it: a sentence, or a value in a row of the table.
  function saying(button) {
    const name = button.closest("tr")?.querySelector(".th-name");
    return name ? `${name.textContent}: ${button.firstChild.textContent.trim()} ${told.unit} ${button.lastChild.textContent}` : button.textContent;
  }
  function line(name, text) {
    const element = document.createElement("span");
    if (name) element.className = name;
    element.textContent = text;
    return element;
  }
  function unread() { looked = null; document.querySelector(".th-layer")?.classList.remove("th-on"); }

  // --- the chart as a picture: what is seen, with its heading and legend, twice as fine ---
  const COPIED = ["stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "fill", "fill-opacity", "opacity", "display", "font-size",
    "font-family", "text-anchor"];
  async function drawing(svg, pad) {
    const copy = svg.cloneNode(true), from = svg.querySelectorAll("*"), to = copy.querySelectorAll("*");
    from.forEach((element, place) => {
      const style = getComputedStyle(element);
      for (const name of COPIED) to[place].style.setProperty(name, style.getPropertyValue(name));
    });
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const { width, height } = svg.getBoundingClientRect();
    // The last tick's label reaches beyond the drawing.
    copy.setAttribute("viewBox", `${-pad} 0 ${width + 2 * pad} ${height}`);
    copy.setAttribute("width", width + 2 * pad);
    copy.setAttribute("height", height);
    const image = new Image();
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
    await image.decode();
    return image;
  }
  async function picture() {
    // Lines that are being moved stand elsewhere than the axis says: the picture is taken when the kernel has drawn them anew.
    pictured = Boolean(shift);
    const canvas = pictured ? null : await painted();
    if (!canvas) return;
    const link = document.createElement("a");
    link.download = told.picture;
    link.href = canvas.toDataURL("image/png");
    link.click();
  }
  async function painted() {
    const host = plot()?.closest(".th-chart");
    if (!host) return null;
    const at = pointed(), LEAD = at?.said ? 20 : 0;
    const style = getComputedStyle(host.closest(".th")), colour = (name) => style.getPropertyValue(name).trim(), TOP = 58 + LEAD, LINE = 22, PAD = 16;
    const { height, width: inner } = host.getBoundingClientRect(), width = inner + 2 * PAD;
    const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
    const named = told.chart.marks.filter((one) => one.kind === "line");
    pen.font = `13px ${style.fontFamily}`;
    let x = PAD, lines = 1;
    const places = named.map((one) => {
      const wide = pen.measureText(one.name).width + 44;
      if (x + wide > width && x > PAD) { x = PAD; lines++; }
      x += wide;
      return [x - wide, lines];
    });
    canvas.width = 2 * width;
    canvas.height = 2 * (TOP + height + lines * LINE + PAD);
    pen.scale(2, 2);
    pen.fillStyle = colour("--th-card");
    pen.fillRect(0, 0, width, canvas.height);
    for (const svg of host.querySelectorAll(":scope > svg")) pen.drawImage(await drawing(svg, PAD), 0, TOP);
    pen.font = `550 11.5px ${style.fontFamily}`;
    const frame = host.getBoundingClientRect();
    for (const name of host.closest(".th-chart-panel").querySelectorAll(".th-line-name")) {
      const box = name.getBoundingClientRect();
      pen.fillStyle = getComputedStyle(name).color;
      pen.fillText(name.textContent, box.left - frame.left + PAD + 2, box.bottom - frame.top + TOP - 4);
    }
    pen.fillStyle = colour("--th-ink");
    pen.font = `600 15px ${style.fontFamily}`;
    pen.fillText(document.querySelector(".th-chart-panel h2")?.textContent || "", PAD, 26, width - 2 * PAD);
    pen.font = `13px ${style.fontFamily}`;
    // Whoever is sent the picture has to know which days they were the last of.
    pen.fillText(told.span, PAD, 46);
    if (at) {
      const { box, x } = place(), left = x(at.ms) - frame.left + PAD;
      pen.fillText(at.said ?? "", PAD, 66, width - 2 * PAD);
      pen.fillRect(left, box.top - frame.top + TOP, 1, box.height);
    }
    named.forEach((one, place) => {
      const [left, row] = places[place], down = TOP + height + row * LINE - 4;
      pen.strokeStyle = colour(one.colour.match(/--th-c\d/)?.[0] || "--th-ink") || colour("--th-ink");
      pen.lineWidth = 3;
      // Two lines of one colour are told apart by their dashes.
      pen.setLineDash(one.dash ? one.dash.split(" ").map(Number) : []);
      pen.beginPath();
      pen.moveTo(left, down - 4.5);
      pen.lineTo(left + 18, down - 4.5);
      pen.stroke();
      pen.fillStyle = colour("--th-ink");
      pen.fillText(one.name, left + 24, down);
    });
    return canvas;
  }

  // --- giving it to somebody else: by the phone's own sharing where the browser lets a page do that (https), else by hand ---
  const shares = (what) => { try { return Boolean(navigator.canShare?.(what)); } catch { return false; } };
  const alone = (file) => ({ files: [file] });
  document.documentElement.classList.toggle("th-shares", Boolean(navigator.share));
  document.documentElement.classList.toggle("th-shares-files", shares(alone(new File(["x"], "x.csv", { type: "text/csv" }))));
  async function send(button) {
    const { send: how, title, file } = button.dataset, address = located(button.dataset.address);
    if (how === "copy") { copied(button, address); return; }
    try {
      await navigator.share(how === "file" ? { ...alone(await readings(file)), title } : await shown(button.dataset, address));
    } catch (error) {
      // Who closes the sheet without sending has changed his mind; that is no error.
      if (error.name !== "AbortError" && address) copied(button, address);
    }
  }
  // The moment that is pointed to belongs to what is shown.
  function located(address) {
    const at = address && pointed();
    return at ? `${address}&at=${new Date(at.ms).toISOString()}${at.id ? `&of=${encodeURIComponent(at.id)}` : ""}` : address;
  }
  async function readings(where) {
    const reply = await fetch(where), name = /filename="?([^";]+)/.exec(reply.headers.get("Content-Disposition") || "");
    if (!reply.ok) throw new Error(reply.statusText);
    return new File([await reply.blob()], name ? name[1] : "temperatures.csv", { type: "text/csv" });
  }
  // The picture with its words and the address; these alone where a picture cannot be shared, or its lines are being moved.
  async function shown({ title, text }, address) {
    const words = [pointed()?.said, text, address].filter(Boolean).join("\n"), canvas = shift ? null : await painted();
    const blob = canvas && await new Promise((done) => canvas.toBlob(done, "image/png"));
    const what = blob && { ...alone(new File([blob], told.picture, { type: "image/png" })), title, text: words };
    return what && shares(what) ? what : { title, text: words };
  }
  function copied(button, address) {
    copy(address);
    const said = button.textContent;
    button.textContent = told.copied;
    setTimeout(() => { button.textContent = said; }, 2000);
  }
  function copy(text) {
    if (navigator.clipboard) { navigator.clipboard.writeText(text).catch(() => {}); return; }
    // Over plain http there is no clipboard but the old one.
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }

  // --- gestures ---
  const inPlot = (event) => {
    const here = event.target.closest?.(".th-chart") && place();
    return here && within(here.box, event.clientX, event.clientY) ? here : null;
  };
  document.addEventListener("wheel", (event) => {
    const here = inPlot(event), now = performance.now(), passing = now - scrolled < PASSING_MS && !event.ctrlKey;
    // A page that is being scrolled goes on scrolling when the chart comes under the pointer.
    if (!here || passing) { scrolled = now; return; }
    event.preventDefault();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan(event.deltaX / here.box.width * (current()[1] - current()[0]));
    else {
      const [from, to] = current();
      zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY * (event.ctrlKey ? 0.01 : 0.002)))), from + (event.clientX - here.box.left) / here.box.width * (to - from));
    }
  }, { passive: false });

  let start = null, tapped = 0;
  document.addEventListener("pointerdown", (event) => {
    const here = inPlot(event);
    if (!here || event.button > 0) return;
    fingers.set(event.pointerId, event.clientX);
    start = { x: event.clientX, y: event.clientY, span: current(), gap: gap(), moved: false, mark: event.shiftKey };
    if (event.pointerType === "mouse") event.preventDefault();
    // Without a Shift key: hold, then drag.
    else setTimeout(hold, HOLD_MS, start);
  });
  function hold(held) {
    if (start !== held || held.moved || fingers.size !== 1) return;
    held.mark = true;
    host()?.classList.add("th-held");
  }
  const host = () => plot()?.closest(".th-chart");
  function gap() { const [one, other] = [...fingers.values()]; return other === undefined ? 0 : Math.abs(one - other); }
  document.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) {
      if (inPlot(event)) read({ x: event.clientX, y: event.clientY }); else unread();
      return;
    }
    // The button was let go outside the window.
    if (event.pointerType === "mouse" && !event.buttons) { lift(event); return; }
    fingers.set(event.pointerId, event.clientX);
    const here = place();
    if (!here || !start?.span) return;
    const [from, to] = start.span;
    if (fingers.size > 1) {
      const now = gap();
      if (start.gap < 8 || now < 8) return;
      const middle = [...fingers.values()].reduce((one, other) => one + other) / fingers.size;
      const share = (middle - here.box.left) / here.box.width, length = (to - from) * start.gap / now;
      start.moved = true;
      aim(from + share * (to - from) - share * length, from + share * (to - from) + (1 - share) * length);
      return;
    }
    const by = event.clientX - start.x;
    if (Math.abs(by) < DRAG_PX && !start.moved) return;
    start.moved = true;
    unread();
    if (start.mark) { mark = [here.at(start.x), here.at(event.clientX)]; drawRange(); }
    else aim(from - by / here.box.width * (to - from), to - by / here.box.width * (to - from));
  });
  function lift(event) {
    if (!fingers.delete(event.pointerId) || !start) return;
    if (mark) { say({ range: mark.map(Math.round).sort((one, other) => one - other) }); told.chart.range = mark; mark = null; drawRange(); }
    else if (!start.moved && event.type === "pointerup") {
      if (performance.now() - tapped < TWICE_MS) { tapped = 0; say({ live: true }); }
      else { tapped = performance.now(); read({ x: event.clientX, y: event.clientY }); }
    }
    host()?.classList.remove("th-held");
    if (!fingers.size) start = null;
  }
  for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, lift);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && told.kiosk) say({ kiosk: false });
    if (event.key === "Escape") event.target.closest?.(".th-question")?.querySelector(".th-keep")?.click();
    if (!event.target.classList?.contains("th-chart") || event.ctrlKey || event.metaKey || event.altKey || !current()) return;
    const [from, to] = current(), keys = {
      ArrowLeft: () => pan(-(to - from) / 5), ArrowRight: () => pan((to - from) / 5), "+": () => zoom(0.6), "=": () => zoom(0.6), "-": () => zoom(1 / 0.6),
      Home: () => say({ live: true }), Escape: () => say({ range: null }),
    };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.(".th-picture")) { picture(); return; }
    if (event.target.closest?.("[data-print]")) { print(); return; }
    const button = event.target.closest?.("[data-do]"), sender = event.target.closest?.("[data-send]");
    if (sender) { send(sender); return; }
    if (!button) return;
    const { see, of, ...what } = JSON.parse(button.dataset.do);
    const heard = say(what);
    if (!see) return;
    sought = { ms: see, id: of, heard, said: saying(button) };
    document.querySelector(".th-chart-panel")?.scrollIntoView({ block: "start", behavior: "smooth" });
  });
  window.addEventListener("resize", () => {
    requestAnimationFrame(drawRange);
    if (field && told.scripted && told.narrow !== narrow()) say({ narrow: narrow() });
  });

  // At once: the ages of a page whose scripts never all come must grow as well.
  new MutationObserver(hear).observe(document.documentElement, { childList: true, subtree: true });
  hear();
  setInterval(count, 1000);
})();
