"use strict";
(() => {
  const element = (tag, text, name) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (name) made.className = name;
    return made;
  };
  const action = (text, act, name) => {
    const made = element("button", text, name);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  };

  /* Milliseconds as the rest of the page writes them: nothing is rounded up. */
  const written = (time) => {
    let seconds = Math.floor(time / 1000);
    if (seconds < 60 && time % 1000) return `${seconds}.${String(time % 1000).padStart(3, "0")} s`;
    const parts = [];
    for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
      const count = Math.floor(seconds / size);
      seconds -= count * size;
      if (count) parts.push(`${count} ${unit}`);
    }
    return parts.join(" ") || "0 s";
  };

  const NO_TIME = 2 ** 32 - 1;
  const MARKS = [[1, "failed"], [2, "retried"], [4, "skipped"]];

  const trend = (article) => {
    const per = Number(article.dataset.per);
    const size = Number(article.dataset.runs);
    const columns = Math.ceil(size / per);
    let read = null;
    /* What is known of the runs, unpacked when it is first asked for. */
    const known = () => {
      if (read) return read;
      const data = JSON.parse(article.querySelector(".data").textContent);
      const bytes = Uint8Array.from(atob(data.cells), (sign) => sign.charCodeAt(0));
      const count = data.names.length * size;
      const times = new DataView(bytes.buffer, 0, 4 * count);
      read = { ...data, times, marks: bytes.subarray(4 * count) };
      return read;
    };
    const heat = article.querySelector(".heat");
    const strips = Array.from(heat.querySelectorAll("td.strip svg"));
    const panel = article.querySelector(".details");
    const hover = article.querySelector(".hover");
    let chosen = -1;
    let origin = null;

    /* Give what a subtask of a run took, of the usual, and what happened to it. */
    const cell = (row, run) => {
      const { times, marks, usual } = known();
      const place = row * size + run;
      const time = times.getUint32(4 * place, true);
      const marked = MARKS.filter(([bit]) => marks[place] & bit).map(([, word]) => word);
      if (time === NO_TIME) return { took: "–", share: "", marked: marked.join(", ") };
      const share = usual[row] ? `${((1000 * time) / usual[row]).toFixed(2)} ×` : "";
      return { took: written(time), share, marked: marked.join(", ") };
    };

    const point = (run) => {
      for (const strip of strips) {
        let line = strip.querySelector(".cursor");
        if (!line) {
          line = document.createElementNS("http://www.w3.org/2000/svg", "path");
          line.setAttribute("class", "mark cursor");
          strip.append(line);
        }
        line.setAttribute("d", run < 0 ? "" : `M${Math.floor(run / per) + 0.5} -2v24`);
      }
    };

    const close = () => {
      panel.hidden = true;
      point(-1);
      if (origin) origin.focus({ preventScroll: true });
      origin = null;
    };

    const fill = (run) => {
      const { runs, names, files } = known();
      const [id, file, moment, status] = runs[run];
      const facts = element("dl");
      const told = [["when", moment], ["status", status], ["document", files[file]]];
      for (const [name, value] of told) facts.append(element("dt", name), element("dd", value));
      const table = element("table");
      const head = table.createTHead().insertRow();
      for (const name of ["subtask", "took", "of usual"]) {
        const made = element("th", name);
        made.scope = "col";
        head.append(made);
      }
      const body = table.createTBody();
      names.forEach((name, row) => {
        const { took, share, marked } = cell(row, run);
        if (took === "–" && !marked) return;
        const line = body.insertRow();
        const title = element("th", name);
        title.scope = "row";
        line.append(title, element("td", took), element("td", [share, marked].filter(Boolean).join(" ")));
      });
      const steps = element("div", undefined, "columns-of");
      if (run > 0) steps.append(action("Earlier", () => turn(run - 1, "Earlier")));
      if (run < size - 1) steps.append(action("Later", () => turn(run + 1, "Later")));
      const parts = [action("Close", close, "close"), element("h3", `Run ${id}`), facts, steps];
      const first = Math.floor(run / per) * per;
      const group = runs.slice(first, first + per);
      if (group.length > 1) {
        parts.push(element("p", `Runs of this column: ${group.length.toLocaleString("en")}`, "note"));
        const others = element("div", undefined, "columns-of");
        group.forEach((other, at) => {
          const button = action(other[0], () => turn(first + at, other[0]));
          if (first + at === run) button.setAttribute("aria-current", "true");
          others.append(button);
        });
        parts.push(others);
      }
      panel.replaceChildren(...parts, table);
    };

    const open = (run) => {
      chosen = run;
      fill(run);
      panel.hidden = false;
      point(run);
      history.replaceState(null, "", `#${article.id}-r${run}`);
    };

    /* Go on to another run, and leave the focus on the button that did it. */
    const turn = (run, name) => {
      open(run);
      const buttons = Array.from(panel.querySelectorAll("button"));
      (buttons.find((button) => button.textContent === name) ?? buttons[0]).focus();
    };

    /* The run at a place: of several in a column the one that stands out most. */
    const runAt = (strip, clientX) => {
      const frame = strip.getBoundingClientRect();
      const column = Math.floor(((clientX - frame.left) / frame.width) * columns);
      return Math.min(Math.max(column, 0), columns - 1) * per;
    };
    const striking = (row, first) => {
      const { times, marks } = known();
      const worst = (run) => {
        const place = row * size + run;
        const time = times.getUint32(4 * place, true);
        return (marks[place] & 1) * 2e10 + (time === NO_TIME ? 0 : time);
      };
      let best = first;
      for (let run = first; run < Math.min(first + per, size); run += 1) {
        if (worst(run) > worst(best)) best = run;
      }
      return best;
    };
    const say = (row, run) => {
      const { runs, names } = known();
      const { took, share, marked } = cell(row, run);
      const parts = [`run ${runs[run][0]}`, runs[run][2], names[row], took, share, marked];
      hover.hidden = false;
      hover.value = parts.filter(Boolean).join(" · ");
    };
    strips.forEach((strip, row) => {
      strip.addEventListener("mousemove", (event) => say(row, striking(row, runAt(strip, event.clientX))));
      strip.addEventListener("click", (event) => open(striking(row, runAt(strip, event.clientX))));
    });
    heat.addEventListener("keydown", (event) => {
      if (event.target !== heat || event.ctrlKey || event.metaKey || event.altKey) return;
      const moves = { ArrowLeft: -per, ArrowRight: per, Home: -size, End: size };
      if (event.key in moves) {
        event.preventDefault();
        const last = chosen < 0 ? size : chosen + moves[event.key];
        chosen = Math.min(Math.max(last, 0), size - 1);
        point(chosen);
        say(0, chosen);
      } else if (event.key === "Enter" && chosen >= 0) {
        event.preventDefault(); /* else it is the button's that gets the focus */
        origin = heat;
        open(chosen);
        panel.querySelector("button").focus();
      }
    });
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !panel.hidden) close();
    });

    const follow = () => {
      const found = new RegExp(`^#${article.id}-r(\\d+)$`).exec(location.hash);
      if (!found || Number(found[1]) >= size) return;
      open(Number(found[1]));
      panel.scrollIntoView({ block: "nearest" });
    };
    article.addEventListener("click", (event) => {
      const link = event.target.closest("a.run");
      if (!link) return;
      event.preventDefault();
      origin = link;
      location.hash = link.hash;
      follow();
      panel.querySelector("button").focus({ preventScroll: true });
    });
    addEventListener("hashchange", follow);
    follow();
  };
  document.querySelectorAll("article.trend").forEach(trend);
})();
