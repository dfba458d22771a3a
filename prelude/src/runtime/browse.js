// A table of which only the rows on screen are here: the cell's value fetches them when they are asked for.
function render({ model, el }) {
  const make = (tag, text) => Object.assign(document.createElement(tag), { textContent: text ?? "" });
  const thousands = (number) => number.toLocaleString("en-US");
  const root = make("div");
  root.style.cssText = "font-family: var(--jp-ui-font-family, sans-serif); font-size: 12px; color: var(--jp-ui-font-color1, currentColor)";
  const bar = make("div");
  bar.style.cssText = "display: flex; gap: 0.6em; align-items: center; padding: 4px 0";
  const filter = Object.assign(make("input"), { type: "text", placeholder: "cut, such as x > 2", spellcheck: false });
  filter.style.cssText = "flex: 1; font-family: monospace; color: inherit; background: transparent; border: 1px solid; padding: 2px 6px";
  const [first, back, next, last] = ["\u23ee", "\u25c0", "\u25b6", "\u23ed"].map((sign) => make("button", sign));
  const place = make("span");
  const problem = Object.assign(make("pre"), { className: "recoil-error" });
  problem.style.cssText = "color: var(--jp-error-color1, #b00020); margin: 2px 0; white-space: pre-wrap";
  const scroll = make("div");
  scroll.style.cssText = "overflow-x: auto";
  const about = make("div");
  bar.append(filter, first, back, place, next, last);
  root.append(bar, problem, scroll, about);
  el.append(root);

  // One question at a time; of those that wait, the last.
  let asked = 0, waiting = null;
  const ask = (change) => {
    const now = waiting ?? model.get("request");
    const wish = { ...now, ...change };
    if (asked > model.get("answered")) { waiting = wish; return; }
    waiting = null;
    asked = model.get("answered") + 1;
    model.set("request", { ...wish, number: asked });
    model.save_changes();
  };
  const size = () => model.get("size");
  const end = () => Math.max(0, Math.floor((model.get("page").rows - 1) / size()) * size());
  const turn = (start) => ask({ start: Math.min(Math.max(0, start), end()), describe: null });
  first.onclick = () => turn(0);
  back.onclick = () => turn(model.get("page").start - size());
  next.onclick = () => turn(model.get("page").start + size());
  last.onclick = () => turn(end());
  filter.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") ask({ filter: filter.value, start: 0, describe: null });
  });

  const head = (name, kind) => {
    const { by, descending } = model.get("request");
    const cell = make("th");
    const title = make("span", name + (by === name ? (descending ? " \u25bc" : " \u25b2") : ""));
    title.style.cursor = "pointer";
    title.title = "sort by this column";
    title.onclick = () => {
      const wish = by !== name ? { by: name, descending: false } : descending ? { by: null, descending: false } : { descending: true };
      ask({ ...wish, start: 0, describe: null });
    };
    const more = make("span", " \u2211");
    more.style.cssText = "cursor: pointer; opacity: 0.6";
    more.title = "this column in numbers";
    more.onclick = () => ask({ describe: name });
    const note = make("div", kind);
    note.style.cssText = "font-weight: normal; opacity: 0.6";
    cell.append(title, more, note);
    return cell;
  };
  const draw = () => {
    const page = model.get("page");
    const table = make("table");
    const top = make("tr");
    top.append(make("th"), ...page.columns.map(([name, kind]) => head(name, kind)));
    table.append(top);
    page.cells.forEach((row, at) => {
      const line = make("tr");
      const number = make("td", thousands(page.start + at));
      number.style.opacity = 0.6;
      line.append(number);
      row.forEach(([kind, text]) => {
        const cell = make("td", text);
        cell.style.textAlign = kind === "text" ? "left" : "right";
        if (kind === "missing") cell.style.opacity = 0.5;
        line.append(cell);
      });
      table.append(line);
    });
    scroll.replaceChildren(table);
    const to = page.start + page.cells.length;
    place.textContent = page.rows ? `rows ${thousands(page.start)} to ${thousands(to - 1)} of ${thousands(page.rows)}` : "no rows";
    [first, back].forEach((button) => { button.disabled = page.start === 0; });
    [next, last].forEach((button) => { button.disabled = to >= page.rows; });
    problem.textContent = page.error;
    // The library's own table of a column; nothing of it comes from a cell of the data without being escaped.
    about.innerHTML = page.about;
  };
  model.on("change:page", draw);
  model.on("change:answered", () => { if (waiting) ask({}); });
  filter.value = model.get("request").filter;
  draw();
}
export default { render };
