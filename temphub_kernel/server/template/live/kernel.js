// The page's connection to its kernel, in the protocol of Jupyter's own pages (v1.kernel.websocket.jupyter.org): a message is bytes,
// first a table of where its parts begin. The one way in is the comm: a widget's own channel.
const thKernel = (function () {
  "use strict";
  const PROTOCOL = "v1.kernel.websocket.jupyter.org", MOST_WAITING = 200;
  // At once, then ever later; the page itself is opened again when its visit is gone (page.js).
  const AGAIN_MS = [0, 500, 1000, 2000, 4000, 8000];
  const toBytes = new TextEncoder(), toText = new TextDecoder();
  const id = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  function packed(parts) {
    const table = 8 * (parts.length + 2), sizes = parts.map((part) => part.byteLength);
    const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, table)), view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(parts.length + 1), true);
    let at = table;
    parts.forEach((part, place) => {
      view.setBigUint64(8 * (place + 1), BigInt(at), true);
      bytes.set(part, at);
      at += sizes[place];
    });
    view.setBigUint64(table - 8, BigInt(at), true);
    return bytes;
  }
  function unpacked(data) {
    const view = new DataView(data), count = Number(view.getBigUint64(0, true));
    const at = (place) => Number(view.getBigUint64(8 * (place + 1), true));
    const object = (place) => JSON.parse(toText.decode(new Uint8Array(data, at(place), at(place + 1) - at(place))));
    const buffers = [];
    // Each with bytes of its own: bqplot takes all that lies behind a view.
    for (let place = 5; place < count - 1; place++) buffers.push(new DataView(data.slice(at(place), at(place + 1))));
    return { header: object(1), parent_header: object(2), metadata: object(3), content: object(4), buffers };
  }
  function bytesOf(buffer) {
    return ArrayBuffer.isView(buffer) ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength) : new Uint8Array(buffer);
  }

  class Comm {
    constructor(kernel, target_name, comm_id) {
      Object.assign(this, { kernel, target_name, comm_id, early: [] });
      kernel.comms.set(comm_id, this);
    }
    open(data, callbacks, metadata, buffers) { return this._say("comm_open", data, callbacks, metadata, buffers); }
    send(data, callbacks, metadata, buffers) { return this._say("comm_msg", data, callbacks, metadata, buffers); }
    close(data, callbacks, metadata, buffers) {
      this.kernel.comms.delete(this.comm_id);
      return this._say("comm_close", data, callbacks, metadata, buffers);
    }
    on_close(tell) { this.closed = tell; }
    on_msg(tell) {
      this.heard = tell;
      for (const message of this.early.splice(0)) tell(message);
    }
    // What comes before its model is made waits for it.
    take(message) { this.heard ? this.heard(message) : this.early.push(message); }
    _say(kind, data, callbacks, metadata, buffers) {
      const content = { comm_id: this.comm_id, data: data ?? {} };
      if (kind === "comm_open") content.target_name = this.target_name;
      return this.kernel.send(kind, content, callbacks, metadata, buffers);
    }
  }

  return class Kernel {
    // began: called each time that there is a connection; opened(comm, message): when the kernel opens a comm.
    constructor(address, began, opened) {
      Object.assign(this, { address, began, opened, session: id(), comms: new Map(), told: new Map(), queue: [], tries: 0 });
      this._connect();
    }
    comm(target, comm_id = id()) { return new Comm(this, target, comm_id); }
    end() {
      this.over = true;
      this.socket.close();
    }
    send(kind, content, callbacks, metadata, buffers) {
      const [msg_id, bytes] = this._message(kind, content, metadata, buffers);
      if (callbacks?.iopub) this.told.set(msg_id, callbacks.iopub);
      if (this.ready) this.socket.send(bytes);
      // What is chosen while there is no connection is not lost, up to a point.
      else if (this.queue.length < MOST_WAITING) this.queue.push(bytes);
      return msg_id;
    }
    _message(kind, content, metadata = {}, buffers = []) {
      const header = { msg_id: id(), msg_type: kind, session: this.session, username: "", date: new Date().toISOString(), version: "5.3" };
      const parts = ["shell", ...[header, {}, metadata, content].map((part) => JSON.stringify(part))].map((part) => toBytes.encode(part));
      return [header.msg_id, packed([...parts, ...buffers.map(bytesOf)])];
    }
    _connect() {
      // A name that stays: what the kernel says meanwhile is kept for it.
      const url = new URL(`${this.address}/channels?session_id=${this.session}`, location.href);
      url.protocol = url.protocol.replace("http", "ws");
      this.ready = false;
      this.socket = new WebSocket(url.href, PROTOCOL);
      this.socket.binaryType = "arraybuffer";
      this.socket.onopen = () => this._open();
      this.socket.onmessage = (event) => this._take(unpacked(event.data));
      this.socket.onclose = () => this._again();
    }
    // What is said at once may be answered before there is a way for the answer; that there is one the first answer tells.
    _open() {
      const [msg_id, bytes] = this._message("kernel_info_request", {});
      this.asked = msg_id;
      this.socket.send(bytes);
    }
    _begin() {
      this.asked = null;
      this.tries = 0;
      this.ready = true;
      // Answers to what went out over a connection that broke may be lost with it; no widget waits for one for ever.
      const before = [...this.told.values()];
      this.told.clear();
      for (const bytes of this.queue.splice(0)) this.socket.send(bytes);
      for (const tell of before) tell.status?.({ content: { execution_state: "idle" } });
      this.began();
    }
    _again() {
      this.ready = false;
      if (this.over) return;
      setTimeout(() => { if (!this.over) this._connect(); }, AGAIN_MS[Math.min(this.tries++, AGAIN_MS.length - 1)]);
    }
    _take(message) {
      const { header, parent_header, content } = message;
      if (header.msg_type === "status") this._status(message);
      else if (header.msg_type === "comm_msg") this.comms.get(content.comm_id)?.take(message);
      else if (header.msg_type === "comm_open") this.opened(new Comm(this, content.target_name, content.comm_id), message);
      else if (header.msg_type === "comm_close") {
        const comm = this.comms.get(content.comm_id);
        this.comms.delete(content.comm_id);
        comm?.closed?.(message);
      } else if (header.msg_type === "kernel_info_reply" && parent_header.msg_id === this.asked) this._begin();
    }
    _status(message) {
      const tell = this.told.get(message.parent_header.msg_id);
      if (!tell) return;
      if (message.content.execution_state === "idle") this.told.delete(message.parent_header.msg_id);
      tell.status?.(message);
    }
  };
})();
