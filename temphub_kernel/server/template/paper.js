// What a sheet of paper needs of a browser: the period with its year as title and as name of the file, and the chart in the sheet's width
// (print.css scales it; a widget would draw itself anew too late).
(function () {
  "use strict";
  let title = "", added = [];

  function told() {
    const element = document.querySelector("#rendered_cells .th-told [data-told]") || document.querySelector(".th-told [data-told]");
    return element ? JSON.parse(element.dataset.told) : {};
  }
  function add(parent, kind, name, text) {
    const element = document.createElement(kind);
    element.className = name;
    element.textContent = text;
    parent.append(element);
    added.push(element);
    return element;
  }

  // By the hub's clock, which the page's times are of.
  function printed({ zone, locale, am_pm }) {
    const clock = document.querySelector(".th-pulse [data-now]") || document.querySelector("#first [data-now]");
    const day = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short", hour12: Boolean(am_pm), timeZone: zone || undefined });
    return document.getElementById("th-page").dataset.printed.replace("{}", day.format(clock ? Number(clock.dataset.now) : Date.now()));
  }

  function begin() {
    if (added.length) end();
    const facts = told(), { span, zone } = facts;
    title = document.title;
    if (span) document.title = `TempHub, ${span}`;
    for (const page of document.querySelectorAll(".th")) {
      const head = page.querySelector(".th-header");
      if (head && span) add(head, "p", "th-period", zone ? `${span} (${zone})` : span);
      if (span) add(page.querySelector(".th-main") || page, "p", "th-printed", printed(facts));
      for (const chart of page.querySelectorAll(".th-chart")) measure(page, chart);
    }
  }
  function measure(page, chart) {
    const { left, top, width, height } = chart.getBoundingClientRect();
    if (!width) return;
    chart.style.setProperty("--th-wide", `${width}px`);
    chart.style.setProperty("--th-high", `${height}px`);
    // They stand in a layer over the panel, most of which is not on paper.
    for (const name of page.querySelectorAll(".th-layer .th-line-name")) {
      const at = name.getBoundingClientRect();
      if (!at.width) continue;
      const copy = add(chart, "span", "th-paper-name", name.textContent);
      copy.classList.toggle("th-pane-name", name.classList.contains("th-pane-name"));
      copy.style.left = `${at.left - left}px`;
      copy.style.top = `${at.top - top}px`;
    }
  }
  function end() {
    for (const element of added) element.remove();
    added = [];
    if (title) document.title = title;
  }
  addEventListener("beforeprint", begin);
  addEventListener("afterprint", end);
})();
