"use strict";
(() => {
  const element = (tag, text, name) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (name) made.className = name;
    return made;
  };

  const shape = (tag, attributes, text = "") => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = text;
    return made;
  };

  const thousands = (number) => number.toLocaleString("en");

  /* The subtask of a row, by its id; the subtasks that a link names. */
  const nodeOf = (id) => Number(id.slice(id.lastIndexOf("n") + 1));
  const partsOf = ({ hash, dataset: { parts } }) => {
    if (!parts) return [nodeOf(hash)];
    return parts.split(" ").flatMap((run) => {
      const [low, high = low] = run.split("-").map(Number);
      return Array.from({ length: high - low + 1 }, (_, place) => low + place);
    });
  };

  /* The rows of a table, by subtask: a button in each heading sorts them. Only the first of
     those that fit are laid out, and only what changes is touched. */
  const ROWS = 50; /* as many have the class "on" without this script */
  const MORE = 500;
  const FEW = 30; /* a box of more opens by names first, where those are few */
  class Rows {
    constructor(table, data) {
      this.body = table.tBodies[0];
      this.data = data;
      this.heads = Array.from(table.tHead.rows[0].cells);
      this.status = table.classList.contains("hosts") ? 3 : 2; /* its column */
      this.of = new Map();
      for (const row of this.body.rows) this.of.set(nodeOf(row.id), row);
      this.order = Array.from(this.of.keys());
      this.shown = new Set(this.order.slice(0, ROWS));
      this.fits = null; /* the subtasks to show; all where there is none */
      this.beneath = element("tr", undefined, "beneath"); /* is beneath the row of `above` */
      this.beneath.append(element("td"));
      this.beneath.firstChild.colSpan = this.heads.length;
      this.button = element("button", "", "more");
      this.button.type = "button";
      this.button.addEventListener("click", () => this.show(this.most + MORE));
      table.parentElement.after(this.button);
      this.show(ROWS);
      for (const n of this.shown) this.draw(n);
      this.heads.forEach((heading, column) => {
        const text = heading.firstChild;
        const button = element("button", text.textContent);
        button.type = "button";
        text.replaceWith(button);
        button.addEventListener("click", () => this.sort(column, heading));
        /* On paper headings are repeated on each page, but buttons are not. */
        addEventListener("beforeprint", () => button.replaceWith(text));
        addEventListener("afterprint", () => text.replaceWith(button));
      });
      addEventListener("beforeprint", () => {
        this.beneath.remove();
        this.order.forEach((n) => this.draw(n));
        this.body.append(...this.order.map((n) => this.of.get(n)));
      });
      addEventListener("afterprint", () => this.tell());
    }
    /* Show what is told of a row beneath it, as long as it is shown itself. */
    tell() {
      if (this.shown.has(this.above)) this.of.get(this.above).after(this.beneath);
      else this.beneath.remove();
    }
    text(n, column) {
      return this.of.get(n)?.children[column].textContent ?? "";
    }
    /* Give id, name and what it works on. */
    label(n) {
      return [this.data.ids[n], this.text(n, 1), this.status === 3 ? this.text(n, 2) : ""];
    }
    state(n) {
      return this.data.states[this.data.state[n]];
    }
    draw(n) {
      const cell = this.of.get(n).lastElementChild;
      const [, x, width] = this.data.bars[n] || [];
      if (x === undefined || cell.firstChild) return;
      const drawn = shape("svg", { class: this.of.get(n).querySelector(".status")?.classList[1] ?? "pending" });
      drawn.append(shape("rect", { x, width }));
      cell.append(drawn);
    }
    /* Show the first that fit, and some besides. */
    show(most, besides = []) {
      this.most = most;
      const fitting = this.fits ? this.order.filter((n) => this.fits.has(n)) : this.order;
      const now = new Set([...fitting.slice(0, most), ...besides]);
      this.beneath.remove();
      for (const n of this.shown) if (!now.has(n)) this.of.get(n).classList.remove("on");
      let next = this.body.firstElementChild;
      for (const n of now) {
        const row = this.of.get(n);
        if (row === next) next = next.nextElementSibling;
        else this.body.insertBefore(row, next);
        if (this.shown.has(n)) continue;
        row.classList.add("on");
        this.draw(n);
      }
      this.shown = now;
      this.tell();
      const hidden = fitting.length - Math.min(most, fitting.length);
      this.button.hidden = !hidden;
      this.button.textContent = `Show ${Math.min(hidden, MORE)} more of ${thousands(fitting.length)} rows`;
    }
    filter(fits) {
      this.fits = fits;
      this.show(ROWS);
    }
    /* What a column is sorted by: numbers, of which some may be missing, or texts. */
    keys(column) {
      const { state, columns, bars } = this.data;
      if (column < this.status) return (n) => this.text(n, column);
      if (column === this.status) return (n) => state[n];
      if (this.heads[column].classList.contains("when")) return (n) => bars[n][0] ?? null;
      return (n) => columns[n][column - this.status - 1];
    }
    sort(column, heading) {
      const sign = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const other of this.heads) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
      const key = this.keys(column);
      const { compare } = new Intl.Collator(undefined, { numeric: true });
      const rows = this.order.map((n) => ({ n, key: key(n) }));
      rows.sort(column < this.status
        ? (a, b) => sign * compare(a.key, b.key)
        : (a, b) => (a.key === null) - (b.key === null) || sign * (a.key - b.key));
      this.order = rows.map((row) => row.n);
      this.show(this.most);
    }
  }

  /* The clipboard is not given to every page: then a selection is copied. */
  const copy = async (text, button) => {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = element("textarea", text);
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = before; }, 1500);
  };
  const copier = (text, name) => {
    const button = element("button", name, "copier");
    button.type = "button";
    button.addEventListener("click", () => copy(text, button));
    return button;
  };

  const READABLE = 0.75; /* the scale below which a drawing is too small to read */

  /* The part of a drawing that is seen: moved and scaled by its view box. */
  class View {
    constructor(canvas, svg) {
      this.canvas = canvas;
      this.svg = svg;
      const [, , width, height] = svg.getAttribute("viewBox").split(/[ ,]+/).map(Number);
      this.full = { width, height };
      const wide = canvas.clientWidth || 800;
      const small = wide / width < READABLE;
      this.usual = small ? height * READABLE : (wide * height) / width;
      this.tall();
      this.fit();
      this.small = this.scale() < READABLE;
      const across = wide / Math.max(READABLE, Math.min(1, wide / width));
      if (this.small) this.show(Math.min(0, (width - across) / 2), 0, across);
      new ResizeObserver(() => this.resized()).observe(canvas);
    }
    /* Let the frame be as tall as the drawing needs, or something in it, and the window has. */
    tall(least = 0) {
      const tall = Math.min(Math.max(200, least, this.usual), 0.75 * innerHeight);
      this.canvas.style.setProperty("--tall", `${Math.round(tall)}px`);
    }
    ratio() {
      const { clientWidth, clientHeight } = this.canvas;
      return clientWidth && clientHeight ? clientHeight / clientWidth : 0.6;
    }
    scale() {
      return this.canvas.clientWidth / this.box.width;
    }
    show(x, y, width) {
      this.isWhole = false;
      const ratio = this.ratio();
      const most = Math.max(this.full.width, this.full.height / ratio) * 2;
      const size = Math.min(Math.max(width, 60), most);
      this.box = { x, y, width: size, height: size * ratio };
      this.svg.setAttribute("viewBox", `${x} ${y} ${size} ${size * ratio}`);
    }
    fit() {
      const ratio = this.ratio();
      const width = Math.max(this.full.width, this.full.height / ratio);
      this.box = { width };
      this.show((this.full.width - width) / 2, (this.full.height - width * ratio) / 2, width);
      this.isWhole = true;
    }
    /* What was seen whole stays so; else the middle stays where it is. */
    resized() {
      if (this.isWhole) this.fit();
      else {
        const { x, y, width, height } = this.box;
        this.show(x, y, width);
        this.show(x, y + (height - this.box.height) / 2, width);
      }
    }
    zoom(factor, clientX, clientY) {
      const frame = this.canvas.getBoundingClientRect();
      const right = clientX === undefined ? 0.5 : (clientX - frame.left) / frame.width;
      const down = clientY === undefined ? 0.5 : (clientY - frame.top) / frame.height;
      const { x, y, width, height } = this.box;
      this.show(x, y, width / factor);
      const [dx, dy] = [width - this.box.width, height - this.box.height];
      this.show(x + dx * right, y + dy * down, this.box.width);
    }
    move(pixelsX, pixelsY) {
      const scale = this.scale();
      this.show(this.box.x + pixelsX / scale, this.box.y + pixelsY / scale, this.box.width);
    }
    /* Give the middle of something in the units of the drawing. */
    middle(target) {
      const { left, top, width, height } = target.getBoundingClientRect();
      const frame = this.canvas.getBoundingClientRect();
      return {
        x: this.box.x + (left + width / 2 - frame.left) / this.scale(),
        y: this.box.y + (top + height / 2 - frame.top) / this.scale(),
      };
    }
    /* Show a part of the drawing: as it is where it fits, else all its width, from its top. */
    reveal({ x, y, width, height }) {
      this.tall(height * READABLE);
      const [ratio, gap] = [this.ratio(), 8];
      const across = Math.max(this.box.width, width + 2 * gap);
      const place = (low, length, from, room) => (
        length + 2 * gap > room
          ? low - gap
          : Math.min(Math.max(from, low + length + gap - room), low - gap)
      );
      this.show(place(x, width, this.box.x, across), place(y, height, this.box.y, across * ratio), across);
    }
    centre(target) {
      const [place, frame] = [target.getBoundingClientRect(), this.canvas.getBoundingClientRect()];
      const isIn = place.left >= frame.left && place.right <= frame.right
        && place.top >= frame.top && place.bottom <= frame.bottom;
      if (isIn || this.isWhole) return; /* it is in sight */
      this.move(
        place.left + place.width / 2 - frame.left - frame.width / 2,
        place.top + place.height / 2 - frame.top - frame.height / 2,
      );
    }
  }

  /* Dragging with a mouse or a finger, pinching with two, the wheel with Ctrl. */
  const moves = (canvas, view) => {
    const fingers = new Map();
    let travelled = 0;
    const spread = () => {
      const [a, b] = fingers.values();
      return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      if (!fingers.size) travelled = 0;
      fingers.set(event.pointerId, event);
    });
    canvas.addEventListener("pointermove", (event) => {
      const last = fingers.get(event.pointerId);
      if (!last) return;
      const before = fingers.size === 2 ? spread() : 0;
      fingers.set(event.pointerId, event);
      if (before) {
        const [a, b] = fingers.values();
        view.zoom(spread() / before, (a.clientX + b.clientX) / 2, (a.clientY + b.clientY) / 2);
      } else {
        view.move(last.clientX - event.clientX, last.clientY - event.clientY);
      }
      travelled += Math.hypot(last.clientX - event.clientX, last.clientY - event.clientY);
      if (travelled > 4 && !canvas.hasPointerCapture(event.pointerId)) {
        canvas.setPointerCapture(event.pointerId);
        canvas.classList.add("moving");
      }
    });
    for (const kind of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(kind, (event) => {
        fingers.delete(event.pointerId);
        canvas.classList.remove("moving");
      });
    }
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      view.zoom(Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      if (event.target !== canvas || event.ctrlKey || event.metaKey || event.altKey) return;
      const step = 60;
      const actions = {
        ArrowLeft: () => view.move(-step, 0), ArrowRight: () => view.move(step, 0),
        ArrowUp: () => view.move(0, -step), ArrowDown: () => view.move(0, step),
        "+": () => view.zoom(1.3), "=": () => view.zoom(1.3), "-": () => view.zoom(1 / 1.3),
        0: () => view.fit(),
      };
      if (!actions[event.key]) return;
      event.preventDefault();
      actions[event.key]();
    });
    return () => travelled > 4;
  };

  /* Keep both ends of a text that is longer than so many columns; names differ there. */
  const cut = (text, most) => {
    const signs = Array.from(text);
    const columns = (some) => some.reduce((sum, sign) => sum + (sign > "\u2e80" ? 2 : 1), 0);
    if (columns(signs) <= most) return text;
    let gap = 1;
    const half = (signs.length - 1) / 2;
    const kept = () => [signs.slice(0, Math.ceil(half - gap / 2)), signs.slice(Math.ceil(half + gap / 2))];
    while (gap < signs.length && columns(kept().flat()) >= most) gap += 1;
    return kept().map((part) => part.join("")).join("…");
  };

  let chosen = []; /* what is marked, on the whole page */
  let leave = null; /* closes the details, of the task where something is chosen */

  const task = (article, prefix) => {
    const canvas = article.querySelector(".canvas");
    const svg = canvas.querySelector("svg");
    const tools = article.querySelector(".tools");
    const panel = article.querySelector(".details");
    const stage = panel.parentElement;
    const search = tools.querySelector(".search");
    const hits = tools.querySelector(".hits");
    const data = JSON.parse(article.querySelector(".data").textContent);
    const rows = new Rows(article.querySelector(".sortable"), data);
    const byId = new Map(data.ids.map((id, n) => [id, n]));
    const link = (n) => `#${prefix}${encodeURIComponent(data.ids[n])}`;

    for (const code of article.querySelectorAll(".copy")) {
      code.after(copier(code.textContent.trim(), "Copy"));
    }
    const summary = article.querySelector(".summary");
    summary.hidden = false;
    summary.addEventListener("click", () => copy(data.markdown, summary));

    tools.hidden = false;
    const view = new View(canvas, svg);
    const wasDragged = moves(canvas, view);
    const zooms = { in: () => view.zoom(1.4), out: () => view.zoom(1 / 1.4), fit: () => view.fit() };
    for (const button of tools.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", zooms[button.dataset.zoom]);
    }

    /* The boxes, what stands behind each, and the edges at each. */
    const boxes = Array.from(svg.querySelectorAll("g.n"), (box) => {
      if (box.dataset.node !== undefined) return { box, nodes: data.boxes[Number(box.dataset.node)] };
      return byId.has(box.dataset.id) ? { box, nodes: [byId.get(box.dataset.id)] } : null;
    }).filter((item) => item && item.nodes.length);
    const boxOf = new Map();
    for (const item of boxes) {
      for (const n of item.nodes) {
        const known = boxOf.get(n);
        if (!known || known.nodes.length > item.nodes.length) boxOf.set(n, item);
      }
    }
    const edges = Array.from(svg.querySelectorAll("path[data-edge]"), (path) => ({
      path, ends: path.dataset.edge.split(" "),
    }));
    /* A frame is no button: those in it are. */
    let buttons = boxes.filter(({ box }) => !box.querySelector("g.n"));
    for (const { box } of boxes) box.setAttribute("role", "group");
    buttons.forEach(({ box }, place) => {
      box.setAttribute("role", "button");
      box.setAttribute("tabindex", place ? "-1" : "0");
    });

    /* The rows of the timeline, which is drawn twice: some stand for several subtasks. */
    const lines = Array.from(article.querySelectorAll("g.row"), (line, place) => ({
      box: line, nodes: data.lines[place % data.lines.length],
    }));
    const linesOf = new Map();
    for (const { box, nodes } of lines) {
      for (const n of nodes) linesOf.set(n, [...(linesOf.get(n) ?? []), box]);
      /* What is empty in a row belongs to it too. */
      const top = (line) => line.transform.baseVal[0].matrix.f;
      const after = box.nextElementSibling;
      const height = after?.matches("g.row") ? top(after) - top(box) : 22;
      box.prepend(shape("rect", { class: "switch", width: box.ownerSVGElement.viewBox.baseVal.width, height }));
    }

    /* A large drawing opens on what needs attention. */
    const urgent = data.opens ? rows.order.filter((n) => rows.state(n) === data.opens) : [];
    if (view.small && boxOf.has(urgent[0])) view.centre(boxOf.get(urgent[0]).box);

    /* The panel: details of one subtask, or a list of several. It stands beside the diagram
       or the timeline, or beneath a row of the table, wherever the choice was made. */
    let origin = null;
    const settle = (place, above = null) => {
      rows.above = above;
      rows.tell();
      if (panel.parentElement !== place) place.append(panel);
    };
    const close = () => {
      const isIn = [stage, panel].some((it) => it.contains(document.activeElement));
      const group = layers[0]?.box;
      leave = null;
      panel.hidden = true;
      settle(stage);
      while (layers.length) fold();
      mark([]);
      const from = origin?.isConnected ? origin : group;
      if (isIn) (from ?? canvas).focus({ preventScroll: true });
      history.replaceState(null, "", location.pathname + location.search);
    };
    const list = (title, nodes) => {
      if (!nodes.length) return [];
      const items = element("ul");
      const more = element("button", "", "more");
      more.type = "button";
      const add = (count) => {
        const from = items.children.length;
        for (const n of nodes.slice(from, from + count)) {
          const button = element("button", rows.label(n).join(" "));
          button.type = "button";
          button.addEventListener("click", () => choose([n], { show: true }));
          const item = element("li");
          item.append(button);
          items.append(item);
        }
        const left = nodes.length - items.children.length;
        more.hidden = !left;
        more.textContent = `Show ${Math.min(left, MORE)} more of ${thousands(nodes.length)}`;
      };
      more.addEventListener("click", () => add(MORE));
      add(ROWS);
      return [element("h4", title), items, more];
    };
    const fill = (title, parts) => {
      const button = element("button", "Close", "close");
      button.type = "button";
      button.addEventListener("click", close);
      panel.replaceChildren(button, element("h3", title), ...parts);
      panel.hidden = false;
    };
    const facts = (n) => {
      const found = element("dl");
      const add = (name, value) => {
        if (value) found.append(element("dt", name), element("dd", value));
      };
      rows.heads.forEach((head, column) => {
        if (column > 1) add(head.textContent, rows.text(n, column).trim());
      });
      data.names.forEach((name, place) => add(name, data.nodes[n][2][place]));
      return found;
    };
    const details = (n) => {
      const [before, after, , log] = data.nodes[n];
      const parts = [facts(n), ...list("Waits for", before), ...list("Before", after)];
      if (log) parts.push(element("h4", "Log"), element("pre", log.join("\n"), "log"));
      if (rows.of.has(n)) {
        const to = element("a", "Row in the schedule");
        to.href = `#${rows.of.get(n).id}`;
        parts.push(to);
      }
      fill(rows.label(n).join(" "), parts);
      const address = new URL(link(n), location.href).href;
      panel.querySelector("h3").after(copier(data.ids[n], "Copy id"), copier(address, "Copy link"));
    };

    /* One selection in all views: boxes, rows of both kinds, links. */
    let links = null; /* each with what it names */
    const mark = (items, nodes = []) => {
      for (const [old, name] of chosen) old.classList.remove(name);
      const numbers = new Set(items.map(({ box }) => box.dataset.node));
      const near = items.length === 1 ? edges.filter(({ ends }) => ends.some((end) => numbers.has(end))) : [];
      const parts = nodes.join();
      links ??= Array.from(article.querySelectorAll("a.sub"), (to) => [to, partsOf(to).join()]);
      const marked = links.filter(([, its]) => its === parts).map(([to]) => to);
      for (const { box } of items) marked.push(box);
      for (const n of nodes) marked.push(rows.of.get(n), ...(linesOf.get(n) ?? []));
      chosen = [...marked.filter(Boolean).map((it) => [it, "chosen"]), ...near.map(({ path }) => [path, "near"])];
      for (const [it, name] of chosen) it.classList.add(name);
    };
    /* Give the boxes of some subtasks; what is in a box of several, that box shows opened. */
    const reach = (nodes) => {
      const found = () => Array.from(new Set(nodes.map((n) => boxOf.get(n)).filter(Boolean)));
      let items = found();
      while (layers.length && !items.some(({ box }) => layers.at(-1).layer.contains(box))) fold();
      while (items.length === 1 && items[0].nodes.length > 1 && !items[0].box.querySelector("g.n")) {
        unfold(items[0]);
        if (items[0].nodes.length === nodes.length) break;
        items = found();
      }
      return items;
    };
    const choose = (nodes, { title = "", item = null, show = false, at = null }) => {
      if (leave !== close) leave?.();
      leave = close;
      if (at?.matches("tr")) settle(rows.beneath.firstChild, nodes[0]);
      else settle(at?.closest(".stage") ?? stage);
      rows.show(rows.most, nodes.filter((n) => rows.of.has(n)).slice(0, 20));
      if (nodes.length > 1) fill(title, list("Subtasks", nodes));
      else {
        details(nodes[0]);
        history.replaceState(null, "", link(nodes[0]));
      }
      const items = item && item.box.querySelector("g.n") ? [item] : reach(nodes);
      mark(items, nodes);
      if (at) panel.scrollIntoView({ block: "nearest" });
      else if (!show) panel.querySelector("h3").scrollIntoView({ block: "nearest" });
      if (!items.length) return;
      if (show || !item) view.centre(items[0].box);
      if (!show) return;
      stage.scrollIntoView({ block: "nearest" });
      panel.focus({ preventScroll: true });
    };

    /* A box of several subtasks opens over the drawing into what it stands for: of many, one
       box for each name where names are few, which opens again; else one for each, with its
       name, or of very many a small one. */
    const layers = []; /* what is open, the outer before the inner */
    const fold = () => layers.pop()?.undo();
    const inside = (nodes) => {
      const named = new Map();
      for (const n of nodes) {
        const name = rows.label(n)[1];
        if (!named.has(name)) named.set(name, []);
        named.get(name).push(n);
      }
      const nested = nodes.length > FEW && named.size > 1 && named.size * 3 <= nodes.length;
      return nested ? Array.from(named.values()) : nodes.map((n) => [n]);
    };
    const tally = (nodes) => data.states
      .map((name, place) => [nodes.filter((n) => data.state[n] === place).length, name])
      .filter(([count]) => count).map(([count, name]) => `${thousands(count)} ${name}`).join(", ");
    const unfold = ({ nodes, box }) => {
      while (layers.length && !layers.at(-1).layer.contains(box)) fold();
      const parts = inside(nodes);
      const names = parts.length <= 300;
      const [wide, tall] = names ? [172, 22] : [14, 14];
      const room = Math.floor(canvas.clientWidth / READABLE / wide) || 1;
      const columns = Math.min(room, Math.ceil(Math.sqrt((1.6 * parts.length * tall) / wide)));
      const width = Math.max(columns * wide, 172) + 16;
      const height = Math.ceil(parts.length / columns) * tall + 38;
      const middle = view.middle(box);
      const within = (place, length, room) => Math.max(4, Math.min(place - length / 2, room - length - 4));
      const x = within(middle.x, width, view.full.width);
      const y = within(middle.y, height, view.full.height);
      const layer = shape("g", { class: "n frame opened", transform: `translate(${x} ${y})` });
      layer.append(
        shape("rect", { class: "b", width, height, rx: 8 }),
        shape("text", { class: "h", x: 12, y: 20 }, cut(box.querySelector("title").textContent.split(" · ", 2).join(" · "), width / 7 - 6)),
        shape("text", { class: "h", x: width - 20, y: 20 }, "×"),
      );
      const cells = parts.map((part, place) => {
        const n = part.reduce((worst, other) => (data.state[other] < data.state[worst] ? other : worst));
        const state = rows.of.get(n)?.querySelector(".status");
        const [id, name, target] = rows.label(n);
        const several = part.length > 1;
        const cell = shape("g", {
          class: `n ${state?.classList[1] ?? (data.states.length ? "unknown" : "pending")}`, role: "button", tabindex: place ? -1 : 0,
          transform: `translate(${8 + (place % columns) * wide} ${30 + Math.floor(place / columns) * tall})`,
        });
        if (!several) cell.dataset.id = id;
        const told = several ? [name, `${thousands(part.length)} subtasks`, tally(part)] : [id, name, target, state?.textContent.trim()];
        cell.append(
          shape("title", {}, told.filter(Boolean).join(" · ")),
          shape("rect", { class: "b", width: wide - 3, height: tall - 3, rx: 3 }),
        );
        if (names) {
          const sign = state?.firstChild.textContent ?? "";
          const text = several ? `${thousands(part.length)} × ${name}` : `${id} ${target || name}`;
          cell.append(shape("text", { x: 7, y: 14 }, `${sign} ${cut(text, 25)}`));
        }
        layer.append(cell);
        return { box: cell, nodes: part };
      });
      const before = { buttons, in: new Map(nodes.map((n) => [n, boxOf.get(n)])) };
      buttons = cells;
      boxes.push(...cells);
      for (const cell of cells) for (const n of cell.nodes) boxOf.set(n, cell);
      svg.append(layer);
      const undo = () => {
        layer.remove();
        view.tall();
        buttons = before.buttons;
        boxes.splice(boxes.indexOf(cells[0]), cells.length);
        for (const [n, item] of before.in) boxOf.set(n, item);
      };
      layers.push({ box, layer, undo });
      view.reveal({ x, y, width, height });
      if (canvas.classList.contains("filtered")) filter();
    };
    const open = (item, byKey) => {
      origin = item.box;
      choose(item.nodes, { title: item.box.querySelector("title").textContent, item });
      if (!byKey) return;
      if (item.nodes.length > 1) boxOf.get(item.nodes[0]).box.focus({ preventScroll: true });
      else panel.focus({ preventScroll: true });
    };
    const itemAt = (target) => {
      const box = target.closest("g.n");
      return box && boxes.find((item) => item.box === box);
    };
    canvas.addEventListener("click", (event) => {
      const item = itemAt(event.target);
      if (wasDragged()) return;
      if (item) open(item, false);
      else fold();
    });

    /* Arrow keys go from a box to the nearest one in that direction. */
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const middle = ({ box }) => {
      const place = box.getBoundingClientRect();
      return [place.left + place.width / 2, place.top + place.height / 2];
    };
    const nearest = (from, [right, down]) => {
      const [x, y] = middle(from);
      let best = null;
      for (const item of buttons) {
        const [dx, dy] = [middle(item)[0] - x, middle(item)[1] - y];
        const ahead = dx * right + dy * down;
        const cost = ahead + 3 * Math.abs(dx * down + dy * right);
        if (ahead > 1 && (!best || cost < best.cost)) best = { item, cost };
      }
      return best && best.item;
    };
    canvas.addEventListener("keydown", (event) => {
      const item = event.target !== canvas && itemAt(event.target);
      if (!item) return;
      if (event.key === "Escape" && item.box.closest(".opened")) {
        event.preventDefault();
        const { box } = layers.at(-1);
        fold();
        box.focus({ preventScroll: true });
      } else if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        open(item, true);
      } else if (ways[event.key]) {
        event.preventDefault();
        const next = nearest(item, ways[event.key]);
        if (!next) return;
        item.box.setAttribute("tabindex", "-1");
        next.box.setAttribute("tabindex", "0");
        next.box.focus({ preventScroll: true });
        view.centre(next.box);
      }
    });

    /* Search and filter, in all views: only some statuses, and only some kinds of those. */
    let texts = null;
    let found = [];
    let next = 0;
    const known = () => {
      texts ??= rows.order.map((n) => [n, rows.label(n).join(" ").toLowerCase()]);
      return texts;
    };
    const inputs = Array.from(tools.querySelectorAll("input[type=checkbox]"));
    const [statuses, kinds] = [".status", ".kind"].map((name) => inputs.filter((input) => input.closest(name)));
    const switches = [];
    const filter = () => {
      const query = search.value.trim().toLowerCase();
      const only = (boxes, of) => {
        const some = new Set(boxes.filter((box) => box.checked).flatMap((box) => of(box.value)));
        return some.size ? some : null;
      };
      const states = only(statuses, (name) => data.states.indexOf(name));
      const some = only(kinds, (name) => data.kinds[name]);
      const active = Boolean(query || states || some);
      const shown = new Set();
      for (const [n, text] of active ? known() : []) {
        if ((states?.has(data.state[n]) ?? true) && (some?.has(n) ?? true) && text.includes(query)) shown.add(n);
      }
      for (const { box, nodes } of [...boxes, ...lines]) {
        const fits = nodes.some((n) => shown.has(n));
        box.classList.toggle("off", active && !fits);
        box.classList.toggle("hit", Boolean(query) && fits);
      }
      canvas.classList.toggle("filtered", active);
      rows.filter(active ? shown : null);
      for (const [entry, box] of switches) entry.setAttribute("aria-pressed", box.checked);
      found = query ? Array.from(shown) : [];
      next = 0;
      hits.value = active ? `${thousands(shown.size)} of ${thousands(rows.of.size)}` : "";
    };
    tools.addEventListener("input", filter);
    (window.requestIdleCallback ?? setTimeout)(known); /* so that the first search is quick */
    /* What a legend explains is the switch of that, where subtasks are of such a kind. */
    for (const entry of article.querySelectorAll("svg g.l")) {
      const tone = entry.querySelector("path.i")?.classList[1];
      const text = entry.querySelector("text").textContent.replace(/^on the /, "");
      const box = tone ? statuses.find((it) => it.closest(`.${tone}`)) : kinds.find((it) => it.value === text);
      if (!box) continue;
      const { x, width } = entry.getBBox();
      entry.prepend(shape("rect", { class: "switch", x: x - 4, y: -5, width: width + 8, height: 22, rx: 4 }));
      for (const [name, value] of [["role", "button"], ["tabindex", 0], ["aria-pressed", box.checked]]) {
        entry.setAttribute(name, value);
      }
      switches.push([entry, box]);
      entry.addEventListener("click", () => box.click());
      entry.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        box.click();
      });
    }
    search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !found.length) return;
      choose([found[next % found.length]], {});
      next += 1;
    });

    /* Links to subtasks, and rows of the table and of the timeline. */
    article.addEventListener("click", (event) => {
      const to = event.target.closest("a.sub");
      if (!to) return;
      event.preventDefault();
      origin = to;
      choose(partsOf(to), { title: to.textContent, show: true });
    });
    article.addEventListener("click", (event) => {
      const row = event.target.closest(".sortable tbody tr[id], g.row");
      if (!row || event.target.closest("a, button") || String(getSelection())) return;
      const line = lines.find(({ box }) => box === row);
      const nodes = line ? line.nodes : [nodeOf(row.id)];
      origin = row.closest(".scroll");
      choose(nodes, { title: row.querySelector("title")?.textContent, at: row });
    });

    /* n and p go from one failure to the next; without any, along what is under way. */
    const urge = (n) => () => choose([n], { show: true });
    /* A link names a row, or a subtask by its id. */
    const follow = (name) => {
      const n = byId.get(name) ?? (name.startsWith(`${article.id}-n`) ? nodeOf(name) : undefined);
      if (n === undefined || !rows.of.has(n)) return false;
      choose([n], { show: true });
      return true;
    };

    let kept = null;
    addEventListener("beforeprint", () => {
      kept = view.box;
      svg.setAttribute("viewBox", `0 0 ${view.full.width} ${view.full.height}`);
    });
    addEventListener("afterprint", () => {
      if (kept) view.show(kept.x, kept.y, kept.width);
    });
    return { follow, urgent: urgent.map(urge) };
  };

  /* Where several tasks are on a page, links to their subtasks begin with the task. */
  const articles = Array.from(document.querySelectorAll("article.task"));
  const ids = articles.map((article) => article.dataset.task);
  const isUnique = ids.every(Boolean) && new Set(ids).size === ids.length;
  const prefixes = articles.map(({ id, dataset }) => (
    articles.length > 1 ? `${encodeURIComponent(isUnique ? dataset.task : id)}/` : ""
  ));
  const tasks = articles.map((article, place) => task(article, prefixes[place]));
  const follow = () => {
    const hash = location.hash.slice(1);
    const decoded = (text) => {
      try {
        return decodeURIComponent(text);
      } catch { /* it is as it was written */
        return text;
      }
    };
    const place = prefixes.findIndex((prefix) => prefix && hash.startsWith(prefix));
    if (place >= 0) tasks[place].follow(decoded(hash.slice(prefixes[place].length)));
    else if (hash) tasks.some((it) => it.follow(decoded(hash)));
  };
  addEventListener("hashchange", follow);
  follow();

  addEventListener("keydown", (event) => {
    const writes = event.target.matches("[type=search]") && event.target.value;
    if (event.key === "Escape" && !event.defaultPrevented && !writes) leave?.();
  });

  let stop = -1;
  addEventListener("keydown", (event) => {
    const by = { n: 1, p: -1 }[event.key];
    const writes = event.target.closest("input, textarea, select");
    if (!by || writes || event.ctrlKey || event.metaKey || event.altKey) return;
    const stops = tasks.flatMap((it) => it.urgent);
    if (!stops.length) return;
    stop = stop < 0 && by < 0 ? stops.length - 1 : (stop + by + stops.length) % stops.length;
    stops[stop]();
  });
})();
