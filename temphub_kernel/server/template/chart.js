// What the dashboard's widgets cannot do by themselves: gestures on the chart, reading values off it, ages that count on,
// choices kept in the page's address. It tells the kernel through a hidden text field and hears through a hidden element.
(function () {
  "use strict";
  const TELL_MS = 160, NEAR_PX = 40, DRAG_PX = 4, TWICE_MS = 350, HOLD_MS = 450, PASSING_MS = 400, FINEST_MS = 10000;
  let told = {}, skew = 0, number = 0, field = null, timer = 0, wanted = null, shift = null, mark = null, scrolled = -1e9, sought = null;
  const fingers = new Map();

  // Before anything is drawn: what only this script can do is shown, the theme and the wall screen as the address asks for.
  document.documentElement.classList.add("th-scripts");
  const asked = new URLSearchParams(location.search);
  dress(asked.get("theme"), ["1", "true", "yes", "on"].includes(asked.get("kiosk")));
  function dress(theme, kiosk) {
    const root = document.documentElement;
    if (theme === "dark" || theme === "light") root.dataset.thTheme = theme; else delete root.dataset.thTheme;
    root.style.colorScheme = root.dataset.thTheme || "";
    root.classList.toggle("th-wall", Boolean(kiosk));
  }

  function say(what) {
    const input = document.querySelector(".th-sayings input");
    if (!input) return;
    input.value = JSON.stringify({ n: ++number, ...what });
    for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, { bubbles: true }));
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
    const now = document.querySelector(".th-pulse [data-now]");
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
    }
    if (!fingers.size && !timer) settle();
    // After two frames the lines are drawn as well.
    if (sought) requestAnimationFrame(() => requestAnimationFrame(point));
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
    let layer = host.querySelector(".th-layer");
    if (!layer) {
      layer = document.createElement("div");
      layer.className = "th-layer";
      layer.innerHTML = '<i class="th-range-mark"></i><i class="th-cross"></i><div class="th-tip"></div>';
      host.append(layer);
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
    const { chart, box } = here, scale = (chart.to - chart.from) / (to - from);
    shift = `translate(${(chart.from - from) / (to - from) * box.width}px,0) scale(${scale},1)`;
    for (const mark of document.querySelectorAll(".th-chart .svg-figure g[clip-path] > g")) mark.style.transform = shift;
    clearTimeout(timer);
    timer = setTimeout(() => { timer = 0; say({ window: wanted.map(Math.round) }); }, TELL_MS);
  }
  function settle() {
    if (shift) for (const mark of document.querySelectorAll(".th-chart .svg-figure g[clip-path] > g")) mark.style.transform = "";
    shift = wanted = null;
    drawRange();
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

  // --- reading values: the nearest point of each line, taken from what is drawn ---
  const points = new WeakMap();
  function pointsOf(path) {
    const drawn = path.getAttribute("d") || "", known = points.get(path);
    if (known && known.drawn === drawn) return known.found;
    const numbers = drawn.match(/-?\d+(\.\d+)?(e-?\d+)?/g) || [], found = [];
    for (let place = 0; place + 1 < numbers.length; place += 2) found.push([Number(numbers[place]), Number(numbers[place + 1])]);
    found.sort((one, other) => one[0] - other[0]);
    points.set(path, { drawn, found });
    return found;
  }
  function nearest(found, x) {
    let low = 0, high = found.length - 1;
    while (low < high) { const middle = (low + high) >> 1; if (found[middle][0] < x) low = middle + 1; else high = middle; }
    const before = found[low - 1], after = found[low];
    return before && (!after || x - before[0] < after[0] - x) ? before : after;
  }
  function read(x, y) {
    const here = place(), layer = overlay();
    if (!here || !layer) return;
    const [, cross, tip] = layer.children, inside = x - here.box.left;
    const value = (down) => here.chart.high - down / here.box.height * (here.chart.high - here.chart.low);
    const marks = document.querySelectorAll(".th-chart .svg-figure g[clip-path]"), bands = {}, rows = [];
    here.chart.marks.forEach((one, place) => {
      const path = marks[place]?.querySelector("path.line");
      if (!path) return;
      if (one.kind === "band") { bands[one.name] = pointsOf(path); return; }
      const point = nearest(pointsOf(path), inside);
      if (!point || Math.abs(point[0] - inside) > NEAR_PX) return;
      const across = (bands[one.name] || []).filter(([at]) => Math.abs(at - point[0]) < 0.02).map(([, down]) => value(down));
      rows.push({ ...one, at: here.at(here.box.left + point[0]), value: value(point[1]), down: point[1],
                  low: Math.min(...across), high: Math.max(...across) });
    });
    if (!rows.length || shift) { layer.classList.remove("th-on"); return; }
    const told_y = y - here.box.top, first = rows.reduce((one, other) => (Math.abs(other.down - told_y) < Math.abs(one.down - told_y) ? other : one));
    const show = (number) => number.toFixed(Math.abs(number) >= 99.995 ? 1 : 2).replace("-", "−");
    const span = here.chart.to - here.chart.from;
    const when = new Intl.DateTimeFormat(told.locale, { hour: told.am_pm ? "numeric" : "2-digit", minute: "2-digit", hour12: told.am_pm, timeZone: told.zone || undefined,
      ...(span < 6 * 3600e3 ? { second: "2-digit" } : { day: "numeric", month: "short" }), ...(span > 300 * 86400e3 ? { year: "numeric" } : {}) });
    tip.replaceChildren(line("th-tip-time", when.format(first.at).replace(",", "")), ...rows.map((row) => {
      const element = line(row === first ? "th-tip-first" : "", `${row.name}  ${show(row.value)} ${told.unit}`), swatch = document.createElement("i");
      if (row.high - row.low > 0.005) element.append(line("th-quiet", ` (${show(row.low)} … ${show(row.high)})`));
      swatch.style.background = row.colour;
      element.prepend(swatch);
      return element;
    }));
    const host = layer.getBoundingClientRect(), left = here.x(first.at) - host.left;
    cross.style.cssText = `left:${left}px;top:${here.box.top - host.top}px;height:${here.box.height}px`;
    layer.classList.add("th-on");
    const wide = tip.offsetWidth, right = left + 14 + wide > host.width;
    tip.style.left = `${Math.max(0, right ? left - 14 - wide : left + 14)}px`;
    tip.style.top = `${here.box.top - host.top + 4}px`;
  }
  // The moment that somebody asked for is read off by itself, once the chart has come to it.
  function point() {
    const here = place();
    if (!sought || !here || here.chart.from === sought.from) return;
    if (sought.ms >= here.chart.from && sought.ms <= here.chart.to) read(here.x(sought.ms), here.box.top);
    sought = null;
  }
  function line(name, text) {
    const element = document.createElement("span");
    if (name) element.className = name;
    element.textContent = text;
    return element;
  }
  function unread() { document.querySelector(".th-layer")?.classList.remove("th-on"); }

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
    const host = plot()?.closest(".th-chart");
    if (!host) return;
    const style = getComputedStyle(host.closest(".th")), colour = (name) => style.getPropertyValue(name).trim(), TOP = 58, LINE = 22, PAD = 16;
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
    pen.fillStyle = colour("--th-ink");
    pen.font = `600 15px ${style.fontFamily}`;
    pen.fillText(document.querySelector(".th-chart-panel h2")?.textContent || "", PAD, 26);
    pen.font = `13px ${style.fontFamily}`;
    // Whoever is sent the picture has to know which days they were the last of.
    pen.fillText(told.span, PAD, 46);
    named.forEach((one, place) => {
      const [left, row] = places[place], down = TOP + height + row * LINE - 4;
      pen.fillStyle = colour(one.colour.match(/--th-c\d/)?.[0] || "--th-ink") || colour("--th-ink");
      pen.fillRect(left, down - 6, 18, 3);
      pen.fillStyle = colour("--th-ink");
      pen.fillText(one.name, left + 24, down);
    });
    const link = document.createElement("a");
    link.download = told.picture;
    link.href = canvas.toDataURL("image/png");
    link.click();
  }

  // --- giving it to somebody else: the file itself where the browser lets a page share files (https), else by hand ---
  try {
    const trial = { files: [new File(["x"], "x.csv", { type: "text/csv" })] };
    document.documentElement.classList.toggle("th-shares", Boolean(navigator.canShare?.(trial)));
  } catch { /* an old browser: the other ways are there */ }
  async function send(button) {
    if (button.dataset.send === "copy") {
      copy(button.dataset.address);
      const said = button.textContent;
      button.textContent = told.copied;
      setTimeout(() => { button.textContent = said; }, 2000);
      return;
    }
    const reply = await fetch(button.dataset.file), name = /filename="?([^";]+)/.exec(reply.headers.get("Content-Disposition") || "");
    if (!reply.ok) return;
    const file = new File([await reply.blob()], name ? name[1] : "temperatures.csv", { type: "text/csv" });
    // Who closes the sheet without sending has changed his mind; that is no error.
    await navigator.share({ files: [file], title: button.dataset.title }).catch(() => {});
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
    return here && event.clientX >= here.box.left && event.clientX <= here.box.right && event.clientY >= here.box.top
      && event.clientY <= here.box.bottom ? here : null;
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
      if (inPlot(event)) read(event.clientX, event.clientY); else unread();
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
      else { tapped = performance.now(); read(event.clientX, event.clientY); }
    }
    host()?.classList.remove("th-held");
    if (!fingers.size) start = null;
  }
  for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, lift);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && told.kiosk) say({ kiosk: false });
    if (!event.target.classList?.contains("th-chart") || event.ctrlKey || event.metaKey || event.altKey || !current()) return;
    const [from, to] = current(), keys = {
      ArrowLeft: () => pan(-(to - from) / 5), ArrowRight: () => pan((to - from) / 5), "+": () => zoom(0.6), "=": () => zoom(0.6), "-": () => zoom(1 / 0.6),
      Home: () => say({ live: true }), Escape: () => say({ range: null }),
    };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.(".th-picture")) { picture(); return; }
    const button = event.target.closest?.("[data-do]"), sender = event.target.closest?.("[data-send]");
    if (sender) { send(sender); return; }
    if (!button) return;
    const { see, ...what } = JSON.parse(button.dataset.do);
    if (see) sought = { ms: see, from: told.chart?.from };
    say(what);
    if (see) document.querySelector(".th-chart-panel")?.scrollIntoView({ block: "start", behavior: "smooth" });
  });
  window.addEventListener("resize", () => {
    requestAnimationFrame(drawRange);
    if (field && told.scripted && told.narrow !== narrow()) say({ narrow: narrow() });
  });

  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver(hear).observe(document.body, { childList: true, subtree: true });
    hear();
    setInterval(count, 1000);
  });
})();
