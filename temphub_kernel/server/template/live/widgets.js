// Makes the page's widgets: what ipywidgets calls a widget manager, with what this page needs of one. What it cannot make, a widget of
// another library or an output that is none, it leaves to Voilà's own script, before anything is shown.
(function () {
  "use strict";
  const config = document.getElementById("th-page").dataset;
  const TARGET = "jupyter.widget", CONTROL = "jupyter.widget.control", VERSIONS = { version: "1.0.0" }, VIEW = "application/vnd.jupyter.widget-view+json";
  const STATES_MS = 20000, BASE = "@jupyter-widgets/base", OUTPUT = "@jupyter-widgets/output";
  // The parts of ipywidgets that need nothing of a notebook around them.
  const known = (module) => module !== OUTPUT && thModules.has(module);
  const pause = () => new Promise((done) => setTimeout(done));

  class Manager {
    constructor(base) { Object.assign(this, { base, models: new Map() }); }
    callbacks() { return {}; }
    setViewOptions(options = {}) { return options; }
    resolveUrl(url) { return Promise.resolve(url); }
    // No description of ours has markup in it.
    inline_sanitize(text) { return Object.assign(document.createElement("i"), { textContent: text }).innerHTML; }
    has_model(id) { return this.models.has(id); }
    get_model(id) { return this.models.get(id) ?? Promise.reject(new Error(`no widget ${id}`)); }
    register_model(id, model) {
      this.models.set(id, model);
      model.then((made) => made.once("comm:close", () => this.models.delete(id)));
    }
    async loadClass(name, module) {
      const found = known(module) && thModules.get(module)[name];
      if (!found) throw new Error(`There is no ${name} in ${module}`);
      return found;
    }
    loadModelClass(name, module) { return this.loadClass(name, module).catch((error) => this.base.createErrorWidgetModel(error, String(error))); }
    loadViewClass(name, module) { return this.loadClass(name, module).catch((error) => this.base.createErrorWidgetView(error, String(error))); }

    new_model(told, state = {}) {
      const model = this._make(told, state);
      // Before anything is awaited: others name it already.
      this.register_model(told.model_id, model);
      return model;
    }
    async _make({ model_name, model_module, model_id, comm }, state) {
      const Model = await this.loadModelClass(model_name, model_module);
      const model = new Model(await Model._deserialize_state(state, this), { widget_manager: this, model_id, comm });
      return Object.assign(model, { name: model_name, module: model_module });
    }
    create_view(model, options = {}) {
      const id = this.base.uuid();
      // A model's views are made one after the other, and after the changes that came before.
      const view = (model.state_change = model.state_change.then(() => this._view(model, options, id)));
      if (model.views) model.views[id] = view;
      return view;
    }
    async _view(model, options, id) {
      const view = await this._rendered(model, options).catch((error) => this._wrong(error, options));
      view.once("remove", () => { if (model.views) delete model.views[id]; });
      return view;
    }
    async _rendered(model, options) {
      const View = await this.loadViewClass(model.get("_view_name"), model.get("_view_module"));
      const view = new View({ model, options: this.setViewOptions(options) });
      view.listenTo(model, "destroy", view.remove);
      await view.render();
      return view;
    }
    // One that cannot be shown does not take those beside it along.
    async _wrong(error, options) {
      console.error(error);
      const Model = this.base.createErrorWidgetModel(error, String(error));
      const view = new this.base.ErrorWidgetView({ model: new Model(), options: this.setViewOptions(options) });
      await view.render();
      return view;
    }
    // The kernel made one.
    opened(comm, { content, buffers }) {
      if (comm.target_name !== TARGET || this.has_model(comm.comm_id)) return;
      const { state, buffer_paths } = content.data;
      this.base.put_buffers(state, buffer_paths ?? [], buffers);
      this.new_model({ model_name: state._model_name, model_module: state._model_module, model_id: comm.comm_id, comm }, state);
    }
    // All widgets that there are: made, or brought up to date after a connection was lost.
    async update(kernel, states) {
      await Promise.all(Object.entries(states).map(async ([model_id, { state, ...told }]) => {
        if (!this.has_model(model_id)) return this.new_model({ ...told, model_id, comm: kernel.comms.get(model_id) }, state);
        const model = await this.get_model(model_id);
        return model.set_state(await model.constructor._deserialize_state(state, this));
      }));
    }
  }

  // What the kernel has of this visit's widgets; nothing when it does not answer, which the page finds out by itself.
  function asked(kernel) {
    return new Promise((done) => {
      const channel = kernel.comm(CONTROL), timer = setTimeout(done, STATES_MS);
      channel.on_msg(({ content, buffers }) => {
        clearTimeout(timer);
        channel.close();
        // At once: what is said to them next may come before they are made.
        for (const id of Object.keys(content.data.states)) if (!kernel.comms.has(id)) kernel.comm(TARGET, id);
        done({ ...content.data, buffers });
      });
      channel.open({}, {}, VERSIONS);
      channel.send({ method: "request_states" });
    });
  }
  function filled({ states, buffer_paths, buffers }, base) {
    buffer_paths.forEach(([id, ...path], place) => base.put_buffers(states[id], [path], [buffers[place]]));
    return states;
  }

  let kernel, shown = false;
  async function begin(outputs, made) {
    const [told, manager] = await Promise.all([asked(kernel), made]);
    if (!told) return;
    if (!shown && Object.values(told.states).some((one) => !known(one.model_module))) return leave();
    await manager.update(kernel, filled(told, manager.base));
    if (shown) return;
    shown = true;
    for (const [place, model_id] of outputs) await show(place, manager, model_id);
    window.voila_finish();
  }
  async function show(place, manager, model_id) {
    const view = await manager.create_view(await manager.get_model(model_id)), { JupyterLuminoWidget: Widget } = manager.base;
    Widget.attach(view.luminoWidget, place);
    addEventListener("resize", () => view.luminoWidget.processMessage(Widget.ResizeMessage.UnknownSize));
  }

  // Voilà's own script, which knows all that JupyterLab does, and loads it piece by piece.
  function leave() {
    shown = true;
    // Not before: a page whose last connection ends believes that its hub is gone, and so does the hub of its page.
    window.thShown.then(() => kernel?.end());
    // It waits for an event that is over by now.
    const listen = window.addEventListener;
    window.addEventListener = (kind, tell, ...more) => {
      if (kind === "load" && document.readyState === "complete") setTimeout(tell);
      else listen.call(window, kind, tell, ...more);
    };
    document.body.append(Object.assign(document.createElement("script"), { src: config.alive }));
  }

  // One library after the other, so that what has come meanwhile is drawn in between.
  async function make() {
    for (const name of [BASE, "bqscales", "bqplot"]) {
      await pause();
      if (thModules.has(name)) thModules.get(name);
    }
    const base = thModules.get(BASE);
    await base.load_ipython_extension();
    restyle();
    return new Manager(base);
  }
  // Its styles bring a notebook's colours and letters along, which are not this page's.
  function restyle() {
    const roots = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).filter((rule) => rule.selectorText === ":root");
    for (const { style } of roots) {
      for (const name of [...style]) if (name.startsWith("--jp-") && !name.startsWith("--jp-widgets-")) style.removeProperty(name);
    }
  }

  window.thCells.then(() => {
    const cells = [...document.querySelectorAll('#rendered_cells script[type="application/vnd.voila.cell-output+json"]')];
    const outputs = cells.map((cell) => [cell.parentElement, JSON.parse(cell.textContent).data?.[VIEW]?.model_id]);
    if (!outputs.length) return window.voila_finish();
    if (!outputs.every(([, id]) => id)) return leave();
    const { baseUrl, kernelId } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
    addEventListener("pagehide", () => navigator.sendBeacon(`${baseUrl}voila/api/shutdown/${kernelId}`));
    const made = make();
    made.catch(failed);
    kernel = new thKernel(
      `${baseUrl}api/kernels/${kernelId}`,
      () => begin(outputs, made).catch(failed),
      (comm, message) => made.then((manager) => manager.opened(comm, message)),
    );
  });
  function failed(error) {
    console.error(error);
    if (!shown) leave();
  }
})();
