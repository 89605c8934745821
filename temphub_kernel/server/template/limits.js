// Limits in the chart that can be moved: a handle each, for mouse, finger and keyboard. What it is moved to is only told to the kernel,
// which asks before it sets anything. chart.js calls draw whenever the chart is another one.
window.thLimits = (function () {
  "use strict";
  const APART_PX = 28, BESIDE_PX = 32, FINEST = [[12, 0.1], [60, 0.5]], COLDEST_C = -270, HOTTEST_C = 1800;
  let latest = null, draft = null, sent = null, drag = null, asked = false;

  const text = (value) => String(Math.round(value * 10) / 10).replace("-", "−").replace(".", latest.told.decimal);
  const step = ({ low, high }) => FINEST.find(([range]) => high - low <= range)?.[1] ?? 1;
  function rounded(value) {
    const { chart } = latest.here, by = step(chart), [first, last] = latest.told.unit === "°F" ? [-454, 3272] : [COLDEST_C, HOTTEST_C];
    return Math.min(Math.max(Math.round(Math.round(value / by) * by * 10) / 10, first), last);
  }
  const spot = ({ box, chart }, value) => box.bottom - (value - chart.low) / (chart.high - chart.low) * box.height;
  // What somebody moves it to, what was told and not heard yet, or where it is.
  function standing(limit) {
    if (draft?.rule === limit.rule) return draft.value;
    if (sent?.rule === limit.rule && latest.told.heard < sent.n) return sent.value;
    return limit.at;
  }

  function draw(layer, here, told, say) {
    latest = { layer, here, told, say };
    const limits = told.chart.limits || [], handles = new Map([...layer.querySelectorAll(".th-limit")].map((one) => [one.dataset.rule, one]));
    const frame = layer.getBoundingClientRect(), taken = [];
    for (const limit of limits) {
      const handle = handles.get(String(limit.rule)) || layer.appendChild(made(limit.rule)), value = standing(limit);
      handles.delete(String(limit.rule));
      // One that is beyond what the chart shows waits at its edge.
      const top = Math.min(Math.max(spot(here, value), here.box.top), here.box.bottom), moved = value !== limit.set;
      const beside = taken.filter((one) => Math.abs(one - top) < APART_PX).length;
      taken.push(top);
      handle.className = `th-limit th-limit-${limit.severity}${moved ? " th-limit-moves" : ""}`;
      handle.style.cssText = `left:${here.box.left - frame.left}px;top:${top - frame.top}px;width:${here.box.width}px;--th-beside:${beside * BESIDE_PX}px`;
      const grip = handle.firstChild, said = limit.text.replace("{}", `${text(value)} ${told.unit}`);
      const state = { "aria-label": limit.label, "aria-valuemin": Math.min(here.chart.low, value), "aria-valuemax": Math.max(here.chart.high, value),
        "aria-valuenow": value, "aria-valuetext": said };
      for (const [name, one] of Object.entries(state)) if (grip.getAttribute(name) !== String(one)) grip.setAttribute(name, one);
      if (grip.lastChild.textContent !== said) grip.lastChild.textContent = said;
    }
    for (const gone of handles.values()) gone.remove();
    back();
  }
  function made(rule) {
    const handle = document.createElement("div");
    handle.dataset.rule = rule;
    handle.innerHTML = '<div class="th-grip" role="slider" tabindex="0" aria-orientation="vertical"><svg viewBox="0 0 16 16" aria-hidden="true">'
      + '<path d="M8 1.5 4.5 5.5h7zM8 14.5l-3.5-4h7z" fill="currentColor"/></svg><span></span></div>';
    const grip = handle.firstChild;
    grip.addEventListener("pointerdown", (event) => {
      if (event.button > 0 || drag) return;
      drag = { id: event.pointerId, rule, from: event.clientY, at: standing(found(rule)), moved: false };
      grip.setPointerCapture(event.pointerId);
      grip.focus({ preventScroll: true });
      event.preventDefault();
    });
    grip.addEventListener("pointermove", (event) => {
      if (drag?.id !== event.pointerId || !found(rule)) return;
      const { box, chart } = latest.here, by = (drag.from - event.clientY) / box.height * (chart.high - chart.low);
      drag.moved = drag.moved || Math.abs(drag.from - event.clientY) > 2;
      if (drag.moved) put(rule, rounded(drag.at + by));
    });
    grip.addEventListener("pointerup", (event) => { if (drag?.id === event.pointerId) { const { moved } = drag; drag = null; if (moved) tell(rule); } });
    grip.addEventListener("pointercancel", (event) => { if (drag?.id === event.pointerId) leave(); });
    grip.addEventListener("blur", () => { if (!drag) leave(); });
    grip.addEventListener("keydown", (event) => key(event, rule));
    return handle;
  }
  const found = (rule) => latest.told.chart.limits?.find((one) => one.rule === rule);
  function again() { draw(latest.layer, latest.here, latest.told, latest.say); }
  function put(rule, value) { draft = { rule, value }; again(); }
  function leave() { drag = null; if (draft) { draft = null; again(); } }
  function tell(rule) {
    const limit = found(rule);
    if (draft?.rule === rule && limit && draft.value !== limit.at) {
      sent = { ...draft, n: latest.say({ limit: [rule, draft.value] }) };
      asked = true;
    }
    draft = null;
    again();
  }
  function key(event, rule) {
    const limit = found(rule), by = step(latest.here.chart);
    if (!limit || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowUp: by, ArrowRight: by, ArrowDown: -by, ArrowLeft: -by, PageUp: 10 * by, PageDown: -10 * by };
    if (moves[event.key]) put(rule, rounded(standing(limit) + moves[event.key]));
    else if (event.key === "Enter" || event.key === " ") tell(rule);
    else if (event.key === "Escape" && (draft || drag)) leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  // When the question is answered the keyboard is where it came from.
  function back() {
    if (!sent) return;
    const open = Boolean(document.querySelector(".th-limit-moved button"));
    if (open) asked = false;
    if (open || asked) return;
    if (document.activeElement === document.body) latest.layer.querySelector(`.th-limit[data-rule="${sent.rule}"] .th-grip`)?.focus({ preventScroll: true });
    sent = null;
  }
  return { draw };
})();
