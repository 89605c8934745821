// What is pressed while it is drawn anew, with the next reading: the browser forgets such a press, as if nobody had pressed. Here it counts for
// what stands in its place and does the same.
(function () {
  "use strict";
  const PRESSED = "#rendered_cells :is(button, a[href], summary)";
  let pressed = null, part = null;

  const of = (element) => element?.closest?.(PRESSED) ?? null;
  const alike = (one) => one && (one.dataset.do ? one.dataset.do === pressed.dataset.do : one.outerHTML === pressed.outerHTML);
  function begin(target) { part = target; pressed = of(target); }
  function end(there) {
    // A browser that did not forget it clicks at once, before anything that is timed.
    if (pressed && !part.isConnected) setTimeout(() => { if (pressed && alike(of(there()))) of(there()).click(); pressed = null; });
    else pressed = null;
  }

  document.addEventListener("mousedown", ({ button, target }) => { if (!button) begin(target); }, true);
  document.addEventListener("mouseup", ({ button, clientX, clientY }) => { if (!button) end(() => document.elementFromPoint(clientX, clientY)); }, true);
  // Space is pressed and let go as a mouse's button is; the keyboard is on what was drawn anew by then (chart.js).
  document.addEventListener("keydown", ({ key, repeat, target }) => { if (key === " " && !repeat) begin(target); }, true);
  document.addEventListener("keyup", ({ key }) => { if (key === " ") end(() => document.activeElement); }, true);
  document.addEventListener("click", () => { pressed = null; }, true);
})();
