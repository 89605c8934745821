// What the chart says at the pointer: the data's own numbers, as they were sent to be drawn, never anything worked out from where a
// line stands on the screen. bqplot binds them to each curve; what a curve is of stands in its label (page/widgets/chart.py).
window.thReadout = (function () {
  "use strict";
  const NEAR_PX = 40, APART_PX = 14, CLEAR_PX = 8, SHIFTS_MS = [-3600e3, -1800e3, 1800e3, 3600e3];
  const known = new WeakMap();

  function pointsOf(values) {
    if (!known.has(values)) known.set(values, values.filter((one) => Number.isFinite(one.y)));
    return known.get(values);
  }
  function curves(host) {
    const found = { line: new Map(), band: new Map() };
    for (const element of host.querySelectorAll(".svg-figure g[clip-path] .curve")) {
      const data = element.__data__;
      if (!data?.name?.startsWith("{")) continue;
      const label = JSON.parse(data.name);
      found[label.kind].set(label.id, { label, points: pointsOf(data.values) });
    }
    return found;
  }
  function nearest(points, x) {
    let low = 0, high = points.length - 1;
    while (low < high) { const middle = (low + high) >> 1; if (points[middle].x < x) low = middle + 1; else high = middle; }
    const before = points[low - 1], after = points[low];
    return before && (!after || x - before.x < after.x - x) ? before : after;
  }

  // --- numbers and times as the page's other parts write them (page/format.py) ---
  let decimal = ".";
  function number(value) {
    const digits = Math.abs(value) >= 99.995 ? 1 : 2, twice = value * 2 ** (digits + 1);
    let text = value.toFixed(digits);
    // Exactly between two: to the even one, as Python does. Only eighths can be that, so nothing is lost on the way.
    if (Math.abs(twice % 2) === 1) {
      const whole = Math.floor(Math.abs(value) * 10 ** digits);
      text = (Math.sign(value) * (whole + whole % 2) / 10 ** digits).toFixed(digits);
    }
    return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−").replace(".", decimal);
  }
  function clock(told, span_ms, width_ms) {
    const base = { hour: told.am_pm ? "numeric" : "2-digit", minute: "2-digit", hour12: told.am_pm, timeZone: told.zone || undefined,
      ...(width_ms % 60e3 || !width_ms ? { second: "2-digit" } : {}),
      ...(span_ms >= 6 * 3600e3 ? { day: "numeric", month: "short" } : {}), ...(span_ms > 300 * 86400e3 ? { year: "numeric" } : {}) };
    const plain = new Intl.DateTimeFormat(told.locale, base), zoned = new Intl.DateTimeFormat(told.locale, { ...base, timeZoneName: "short" });
    const full = new Intl.DateTimeFormat(told.locale, { ...base, day: "numeric", month: "short", year: "numeric" });
    // In the hour that comes twice a time alone could be either.
    const form = (ms) => (SHIFTS_MS.some((by) => full.format(ms + by) === full.format(ms)) ? zoned : plain);
    return (ms) => {
      const from = width_ms ? ms - Math.floor(width_ms / 2) : ms, to = from + width_ms, shown = form(from);
      return (width_ms ? shown.formatRange(from, to) : shown.format(from)).replace(/,/g, "");
    };
  }

  // --- what is to be said: a row each line that has a point near ---
  function rowsAt(host, here, at) {
    const { line, band } = curves(host), { chart, box } = here;
    const seconds = ((at.ms ?? here.at(at.x)) - chart.zero) / 1000, reach = NEAR_PX / box.width * (chart.to - chart.from) / 1000;
    const [first, last] = [chart.from, chart.to].map((ms) => (ms - chart.zero) / 1000), rows = [];
    for (const { label, points } of line.values()) {
      const point = nearest(points.filter((one) => one.x >= first && one.x <= last), seconds);
      if (!point || Math.abs(point.x - seconds) > Math.max(reach, label.width_ms / 2000)) continue;
      const across = (band.get(label.id)?.points || []).filter((one) => one.x === point.x).map((one) => one.y);
      const ms = Math.round(point.x * 1000 + chart.zero), [low, high] = chart.panes[label.pane] || [chart.low, chart.high];
      rows.push({ ...label, ms, value: point.y, low: across.length ? Math.min(...across) : point.y, high: across.length ? Math.max(...across) : point.y,
                  x: here.x(ms), y: box.bottom - (point.y - low) / (high - low) * box.height });
    }
    return rows;
  }
  function firstOf(rows, at) {
    const far = (row) => (at.id === undefined ? Math.abs(row.y - at.y) : Number(row.id !== at.id));
    return rows.reduce((one, other) => (far(other) < far(one) ? other : one));
  }
  function piece(name, text) {
    const element = document.createElement("span");
    if (name) element.className = name;
    element.textContent = text;
    return element;
  }
  function rowElement(row, first, when) {
    const element = piece(row === first ? "th-tip-first" : "", `${row.name}  ${number(row.value)} ${row.unit}`);
    const swatch = document.createElement("i"), time = when(row);
    if (number(row.low) !== number(row.high)) element.append(piece("th-quiet", ` (${number(row.low)} … ${number(row.high)})`));
    if (time !== when(first)) element.append(piece("th-quiet", ` ${time}`));
    swatch.style.background = row.colour;
    element.prepend(swatch);
    return element;
  }

  // --- where it stands: beside the points it speaks of, above or below them; where all that is full, outside the chart ---
  function put(tip, rows, first, here, frame) {
    const { box } = here, wide = tip.offsetWidth, tall = tip.offsetHeight;
    const across = [first.x + APART_PX, first.x - APART_PX - wide].filter((left) => left >= frame.left && left + wide <= frame.right);
    const edge = Math.min(Math.max(first.x - wide / 2, frame.left), frame.right - wide);
    const spots = [...across, edge].flatMap((left) => [box.top + 4, box.bottom - 4 - tall, first.y - APART_PX - tall, first.y + APART_PX]
      .filter((top) => top >= box.top && top + tall <= box.bottom).map((top) => [left, top]));
    const covers = ([left, top], row) => row.x > left - CLEAR_PX && row.x < left + wide + CLEAR_PX && row.y > top - CLEAR_PX
      && row.y < top + tall + CLEAR_PX;
    const below = box.bottom + CLEAR_PX + 1, above = box.top - CLEAR_PX - 1 - tall, outside = below + tall > innerHeight && above > 0 ? above : below;
    const [left, top] = spots.find((spot) => !rows.some((row) => covers(spot, row))) || [edge, outside];
    tip.style.left = `${left - frame.left}px`;
    tip.style.top = `${top - frame.top}px`;
  }

  // at: { x, y } on the screen, or { ms, id } of a moment and the probe it is about. Gives whether there was anything to say.
  function show(layer, host, here, told, at) {
    const rows = at ? rowsAt(host, here, at) : [];
    if (!rows.length) return false;
    decimal = told.decimal;
    const [, cross, tip] = layer.children, frame = layer.getBoundingClientRect(), first = firstOf(rows, at), forms = new Map();
    const when = (row) => {
      if (!forms.has(row.width_ms)) forms.set(row.width_ms, clock(told, here.chart.to - here.chart.from, row.width_ms));
      return forms.get(row.width_ms)(row.ms);
    };
    tip.replaceChildren(piece("th-tip-time", when(first)), ...rows.map((row) => rowElement(row, first, when)));
    cross.style.cssText = `left:${first.x - frame.left}px;top:${here.box.top - frame.top}px;height:${here.box.height}px`;
    layer.classList.add("th-on");
    put(tip, rows, first, here, frame);
    return true;
  }
  return { show, number };
})();
