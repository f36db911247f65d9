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

  /* Tables: a button in each heading sorts; what has no value stays last. Of many rows
     only the first are laid out; rows marked as off are left out. */
  const ROWS = 100;
  const bar = (cell) => {
    const { x, width } = cell.dataset;
    if (x === undefined || cell.firstChild) return;
    const tone = cell.parentElement.querySelector(".status").classList[1];
    const drawn = shape("svg", { class: tone });
    drawn.append(shape("rect", { x, width }));
    cell.append(drawn);
  };
  const sortable = (table) => {
    const body = table.tBodies[0];
    const button = element("button", "", "more");
    button.type = "button";
    let most = ROWS;
    const show = () => {
      let shown = 0;
      let fitting = 0;
      for (const row of body.rows) {
        const fits = !row.classList.contains("off");
        fitting += fits;
        const hide = !fits || shown >= most;
        if (row.hidden !== hide) row.hidden = hide;
        if (hide) continue;
        bar(row.lastElementChild);
        shown += 1;
      }
      button.hidden = shown === fitting;
      button.textContent = `Show ${Math.min(fitting - shown, 5 * ROWS)} more of ${fitting} rows`;
    };
    button.addEventListener("click", () => {
      most += 5 * ROWS;
      show();
    });
    table.parentElement.after(button);
    table.addEventListener("filtered", () => {
      most = ROWS;
      show();
    });
    show();
    table.classList.add("ready");
    const sort = (column, heading) => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = Array.from(body.rows, (row) => {
        const { v } = row.cells[column].dataset;
        return { row, value: v === undefined ? NaN : Number(v) };
      });
      if (rows.some((item) => !Number.isNaN(item.value))) {
        rows.sort((a, b) => {
          const lacks = Number.isNaN(a.value) - Number.isNaN(b.value);
          return lacks || (down ? b.value - a.value : a.value - b.value) || 0;
        });
      } else {
        const { compare } = new Intl.Collator(undefined, { numeric: true });
        for (const item of rows) item.text = item.row.cells[column].textContent;
        rows.sort((a, b) => (down ? compare(b.text, a.text) : compare(a.text, b.text)));
      }
      const next = body.nextSibling;
      body.remove(); /* rows of a table that is not in the page move faster */
      body.append(...rows.map((item) => item.row));
      table.insertBefore(body, next);
      show();
    };
    Array.from(table.tHead.rows[0].cells).forEach((heading, column) => {
      const text = heading.firstChild;
      const button = element("button", text.textContent);
      button.type = "button";
      text.replaceWith(button);
      button.addEventListener("click", () => sort(column, heading));
      /* On paper headings are repeated on each page, but buttons are not. */
      addEventListener("beforeprint", () => button.replaceWith(text));
      addEventListener("afterprint", () => text.replaceWith(button));
    });
  };

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
      this.small = small;
      this.fit();
      if (small) this.show(0, 0, wide / READABLE);
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
    /* Show something in the drawing: as it is where it fits, else all its width, from its top. */
    reveal(target) {
      this.tall(target.getBBox().height * READABLE);
      this.resized();
      const [place, frame] = [target.getBoundingClientRect(), this.canvas.getBoundingClientRect()];
      const out = (place.width / frame.width) * 1.05;
      if (out > 1) this.zoom(1 / out);
      const now = target.getBoundingClientRect();
      const off = (least, most, low, high) => (
        most - least > high - low ? least - low : Math.min(least - low, 0) || Math.max(most - high, 0)
      );
      this.move(
        off(now.left - 6, now.right + 6, frame.left, frame.right),
        off(now.top - 6, now.bottom + 6, frame.top, frame.bottom),
      );
    }
    centre(target) {
      if (this.isWhole) return; /* it is in sight */
      const [place, frame] = [target.getBoundingClientRect(), this.canvas.getBoundingClientRect()];
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

  const task = (article) => {
    const canvas = article.querySelector(".canvas");
    const svg = canvas.querySelector("svg");
    const tools = article.querySelector(".tools");
    const panel = article.querySelector(".details");
    const search = tools.querySelector(".search");
    const hits = tools.querySelector(".hits");
    const data = JSON.parse(article.querySelector(".data").textContent);
    const rows = new Map();
    for (const row of article.querySelectorAll("tr[data-n]")) rows.set(Number(row.dataset.n), row);
    const label = (n) => {
      const row = rows.get(n);
      if (!row) return [`#${n}`, "", ""];
      const target = row.closest("table").classList.contains("hosts") ? row.cells[2].textContent : "";
      return [row.cells[0].firstChild.textContent.trim(), row.cells[1].textContent, target];
    };
    const byId = new Map();
    for (const n of rows.keys()) byId.set(label(n)[0], n);
    const stateOf = (row) => row.querySelector(".status").lastChild.textContent.trim();

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

    /* The rows of the timeline: some stand for several subtasks. */
    const lines = Array.from(article.querySelectorAll("g.row"), (line, place) => ({
      box: line, nodes: data.lines[place],
    }));
    const lineOf = new Map(lines.flatMap(({ box, nodes }) => nodes.map((n) => [n, box])));

    /* A large drawing opens on what needs attention. */
    const urgent = [];
    for (const state of ["FAILED", "CANCELING", "RUNNING", "READY"]) {
      for (const [n, row] of rows) if (stateOf(row) === state) urgent.push(n);
      if (urgent.length) break;
    }
    if (view.small && boxOf.has(urgent[0])) view.centre(boxOf.get(urgent[0]).box);

    /* Details of one subtask, or the subtasks of one box. */
    let origin = null;
    const close = () => {
      panel.hidden = true;
      const group = opened;
      fold();
      mark(null);
      const from = origin?.isConnected ? origin : group;
      (from ?? canvas).focus({ preventScroll: true });
      history.replaceState(null, "", location.pathname + location.search);
    };
    const mark = (item, n) => {
      for (const old of document.querySelectorAll(".chosen")) old.classList.remove("chosen");
      for (const { path } of edges) path.classList.remove("near");
      if (!item) return;
      item.box.classList.add("chosen");
      const number = item.box.dataset.node;
      for (const { path, ends } of edges) if (ends.includes(number)) path.classList.add("near");
    };
    const markRows = (n) => {
      for (const chosen of [rows.get(n), lineOf.get(n)]) if (chosen) chosen.classList.add("chosen");
      for (const link of article.querySelectorAll("a.sub")) {
        if (rows.has(n) && link.hash === `#${rows.get(n).id}`) link.classList.add("chosen");
      }
    };
    const list = (title, nodes) => {
      if (!nodes.length) return [];
      const items = element("ul");
      for (const n of nodes.slice(0, 100)) {
        const button = element("button", label(n).join(" "));
        button.type = "button";
        button.addEventListener("click", () => choose(n, true));
        const item = element("li");
        item.append(button);
        items.append(item);
      }
      if (nodes.length > 100) items.append(element("li", `and ${nodes.length - 100} more`));
      return [element("h4", title), items];
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
      const row = rows.get(n);
      if (row) {
        const heads = row.closest("table").tHead.rows[0].cells;
        for (let place = 2; place < row.cells.length; place += 1) {
          add(heads[place].textContent, row.cells[place].textContent.trim());
        }
      }
      data.names.forEach((name, place) => add(name, data.nodes[n][2][place]));
      return found;
    };
    const details = (n) => {
      const [before, after, , log] = data.nodes[n];
      const parts = [facts(n), ...list("Waits for", before), ...list("Before", after)];
      if (log) parts.push(element("h4", "Log"), element("pre", log.join("\n"), "log"));
      if (rows.has(n)) {
        const link = element("a", "Row in the schedule");
        link.href = `#${rows.get(n).id}`;
        parts.push(link);
      }
      fill(label(n).join(" "), parts);
      const [id] = label(n);
      const link = new URL(`#${encodeURIComponent(id)}`, location.href).href;
      panel.querySelector("h3").after(copier(id, "Copy id"), copier(link, "Copy link"));
    };
    const choose = (n, show) => {
      const item = boxOf.get(n);
      if (rows.has(n)) {
        rows.get(n).hidden = false;
        bar(rows.get(n).lastElementChild);
      }
      details(n);
      mark(item);
      markRows(n);
      history.replaceState(null, "", `#${encodeURIComponent(label(n)[0])}`);
      if (item && show) view.centre(item.box);
      if (show) {
        article.querySelector(".stage").scrollIntoView({ block: "nearest" });
        panel.focus({ preventScroll: true });
      }
    };

    /* A box of several subtasks opens into one for each, over the drawing: with names, or
       of very many small ones. */
    let fold = () => {};
    let opened = null; /* its box */
    const unfold = (group) => {
      fold();
      const { nodes, box } = group;
      const names = nodes.length <= 300;
      const [wide, tall] = names ? [172, 22] : [14, 14];
      const room = Math.floor(canvas.clientWidth / READABLE / wide) || 1;
      const columns = Math.min(room, Math.ceil(Math.sqrt((1.6 * nodes.length * tall) / wide)));
      const width = Math.max(columns * wide, 172) + 16;
      const height = Math.ceil(nodes.length / columns) * tall + 38;
      const middle = view.middle(box);
      const within = (place, length, room) => Math.max(4, Math.min(place - length / 2, room - length - 4));
      const x = within(middle.x, width, view.full.width);
      const y = within(middle.y, height, view.full.height);
      const layer = shape("g", { class: "n frame opened", transform: `translate(${x} ${y})` });
      layer.append(
        shape("rect", { class: "b", width, height, rx: 8 }),
        shape("text", { class: "h", x: 12, y: 20 }, cut(box.firstChild.textContent.split(" · ", 2).join(" · "), width / 7 - 6)),
        shape("text", { class: "h", x: width - 20, y: 20 }, "×"),
      );
      const cells = nodes.map((n, place) => {
        const state = rows.get(n)?.querySelector(".status");
        const [id, name, target] = label(n);
        const cell = shape("g", {
          class: `n ${state?.classList[1] ?? "unknown"}`, "data-id": id, role: "button", tabindex: place ? -1 : 0,
          transform: `translate(${8 + (place % columns) * wide} ${30 + Math.floor(place / columns) * tall})`,
        });
        cell.append(
          shape("title", {}, [id, name, target, state?.textContent.trim()].filter(Boolean).join(" · ")),
          shape("rect", { class: "b", width: wide - 3, height: tall - 3, rx: 3 }),
        );
        if (names) {
          const sign = state?.firstChild.textContent ?? "";
          cell.append(shape("text", { x: 7, y: 14 }, `${sign} ${cut(`${id} ${target || name}`, 25)}`));
        }
        layer.append(cell);
        return { box: cell, nodes: [n] };
      });
      const before = { buttons, in: new Map(nodes.map((n) => [n, boxOf.get(n)])) };
      buttons = cells;
      boxes.push(...cells);
      for (const cell of cells) boxOf.set(cell.nodes[0], cell);
      svg.append(layer);
      opened = box;
      fold = () => {
        layer.remove();
        opened = null;
        view.tall();
        buttons = before.buttons;
        boxes.splice(boxes.indexOf(cells[0]), cells.length);
        for (const [n, item] of before.in) boxOf.set(n, item);
        fold = () => {};
      };
      view.reveal(layer);
      if (canvas.classList.contains("filtered")) filter();
    };
    const open = (item, byKey) => {
      origin = item.box;
      if (item.nodes.length === 1) {
        choose(item.nodes[0], false);
      } else {
        fill(item.box.querySelector("title").textContent, list("Subtasks", item.nodes));
        mark(item);
        if (!item.box.querySelector("g.n")) unfold(item);
      }
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
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
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
        const group = opened;
        fold();
        group.focus({ preventScroll: true });
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

    /* Search and filter, in the diagram and in the table. */
    let texts = null;
    let found = [];
    let next = 0;
    const known = () => {
      texts ??= Array.from(rows, ([n, row]) => {
        const { cells } = row;
        const place = cells[2].querySelector(".status") ? "" : cells[2].textContent;
        const text = `${cells[0].textContent} ${cells[1].textContent} ${place}`;
        return { n, row, text: text.toLowerCase(), status: stateOf(row) };
      });
      return texts;
    };
    const filter = () => {
      const query = search.value.trim().toLowerCase();
      const states = new Set();
      let all = true;
      for (const box of tools.querySelectorAll("input[type=checkbox]")) {
        if (box.checked) states.add(box.value);
        else all = false;
      }
      const shown = new Set();
      for (const { n, row, text, status } of known()) {
        const fits = states.has(status) && text.includes(query);
        row.classList.toggle("off", !fits);
        if (fits) shown.add(n);
      }
      const active = Boolean(query) || !all;
      for (const { box, nodes } of boxes) {
        const some = nodes.some((n) => shown.has(n));
        box.classList.toggle("off", active && !some);
        box.classList.toggle("hit", Boolean(query) && some);
      }
      for (const { box, nodes } of lines) {
        box.classList.toggle("off", active && !nodes.some((n) => shown.has(n)));
      }
      canvas.classList.toggle("filtered", active);
      article.querySelector(".sortable").dispatchEvent(new Event("filtered"));
      found = query ? Array.from(shown) : [];
      next = 0;
      hits.value = active ? `${shown.size} of ${rows.size}` : "";
    };
    tools.addEventListener("input", filter);
    (window.requestIdleCallback ?? setTimeout)(known); /* so that the first search is quick */
    /* A status in a legend is the switch of that status. */
    for (const entry of article.querySelectorAll("svg g.l")) {
      const icon = entry.querySelector("path.i");
      const label = icon && tools.querySelector(`label.${icon.classList[1]} input`);
      if (!label) continue;
      entry.classList.add("switch");
      entry.addEventListener("click", () => label.click());
    }
    search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !found.length) return;
      const n = found[next % found.length];
      next += 1;
      choose(n, false);
      if (boxOf.has(n)) view.centre(boxOf.get(n).box);
    });

    /* Links to subtasks open them in the diagram. */
    article.addEventListener("click", (event) => {
      const link = event.target.closest("a.sub");
      const row = link && document.getElementById(link.hash.slice(1));
      if (!row) return;
      event.preventDefault();
      origin = link;
      choose(Number(row.dataset.n), true);
    });
    article.addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-n], g.row");
      if (!row || event.target.closest("a, button") || String(getSelection())) return;
      const line = lines.find(({ box }) => box === row);
      const [n, ...more] = line ? line.nodes : [Number(row.dataset.n)];
      if (more.length) {
        fill(row.querySelector("title").textContent, list("Subtasks", line.nodes));
        mark(boxOf.get(n));
        row.classList.add("chosen");
      } else choose(n, false);
      if (boxOf.has(n)) view.centre(boxOf.get(n).box);
    });

    /* A link names a row, or a subtask by its id. */
    const follow = () => {
      if (!location.hash) return;
      let name = location.hash.slice(1);
      try {
        name = decodeURIComponent(name);
      } catch { /* it is as it was written */ }
      const row = byId.has(name) ? rows.get(byId.get(name)) : document.getElementById(name);
      if (!row || !row.dataset.n || !article.contains(row)) return;
      choose(Number(row.dataset.n), true);
    };
    addEventListener("hashchange", follow);
    follow();

    /* n and p go from one failure to the next; without any, along what is under way. */
    article.urgent = urgent.map((n) => () => choose(n, true));

    let kept = null;
    addEventListener("beforeprint", () => {
      kept = view.box;
      svg.setAttribute("viewBox", `0 0 ${view.full.width} ${view.full.height}`);
    });
    addEventListener("afterprint", () => {
      if (kept) view.show(kept.x, kept.y, kept.width);
    });
  };

  document.querySelectorAll("table.sortable").forEach(sortable);
  const articles = Array.from(document.querySelectorAll("article.task"));
  articles.forEach(task);
  let stop = -1;
  addEventListener("keydown", (event) => {
    const by = { n: 1, p: -1 }[event.key];
    const writes = event.target.closest("input, textarea, select");
    if (!by || writes || event.ctrlKey || event.metaKey || event.altKey) return;
    const stops = articles.flatMap((article) => article.urgent);
    if (!stops.length) return;
    stop = stop < 0 && by < 0 ? stops.length - 1 : (stop + by + stops.length) % stops.length;
    stops[stop]();
  });
})();
