// What the widget libraries find around them. They come in the form in which Jupyter's classic notebook loads them (AMD): each
// defines one module and names those it needs. It alone is one file a library, whole in itself.
const thModules = (function () {
  "use strict";
  const made = new Map(), waiting = new Map();
  // A notebook that is not there: whatever is asked of it is taken and does nothing.
  const nothing = new Proxy(function () {}, { get: (_, name) => (typeof name === "symbol" || name === "then" ? undefined : nothing), apply: () => nothing });
  window.Jupyter = { version: "7.0.0", notebook: { kernel: undefined, container: nothing, keyboard_manager: nothing } };
  made.set("base/js/namespace", window.Jupyter).set("base/js/events", nothing).set("notebook/js/outputarea", { OutputArea: nothing });

  // What it asks for and is not there it never gets, as a notebook that has not loaded all of itself yet.
  window.requirejs = (names, done) => { if (done && names.every((name) => made.has(name))) done(...names.map((name) => made.get(name))); };
  window.requirejs.config = () => {};

  // Under these names a library is known to others: what ipywidgets has is one file, for whichever of its parts is asked.
  function take(names, uri) {
    return (...told) => {
      const [needs, make] = told.length > 1 ? told.slice(-2) : [[], told[0]];
      for (const name of names) waiting.set(name, { names, needs, make, uri });
    };
  }
  function get(name) {
    if (made.has(name)) return made.get(name);
    const found = waiting.get(name);
    if (!found) throw new Error(`no module ${name}`);
    const module = { id: name, uri: found.uri, exports: {} };
    const known = { module, exports: module.exports, require: get };
    const value = found.make(...found.needs.map((need) => known[need] ?? get(need))) ?? module.exports;
    for (const one of found.names) made.set(one, value);
    return value;
  }
  return { take, get, has: (name) => made.has(name) || waiting.has(name) };
})();
