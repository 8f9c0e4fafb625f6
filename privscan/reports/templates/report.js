"use strict";
(() => {
  const units = { "%": 1, B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15, M: 1e6 };
  const make = (tag, attributes, text) => {
    const node = document.createElement(tag);
    for (const name in attributes) node.setAttribute(name, attributes[name]);
    if (text) node.textContent = text;
    return node;
  };
  const value = (text) => {
    const found = /^[<>]?([\d,.]+)\s*(%|[kMGTP]?B|M)?$/.exec(text.trim());
    return found ? parseFloat(found[1].replace(/,/g, "")) * (units[found[2]] || 1) : NaN;
  };
  const rowsOf = (table) => [...table.tBodies[0].rows].filter((row) => !row.classList.contains("rest"));
  const sort = (table, place, head) => {
    const up = head.getAttribute("aria-sort") === "descending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const numeric = head.classList.contains("n");
    const key = (row) => (row.cells[place] ? row.cells[place].textContent.trim() : "");
    const rows = rowsOf(table).sort((a, b) => {
      const one = key(a), two = key(b);
      const order = numeric ? (value(one) || 0) - (value(two) || 0) : one.localeCompare(two, "en", { numeric: true });
      return up ? order : -order;
    });
    const rest = [...table.tBodies[0].rows].filter((row) => row.classList.contains("rest"));
    table.tBodies[0].append(...rows, ...rest);
  };
  const sortable = (table) => {
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      if (head.tagName !== "TH" || !head.textContent.trim()) return;
      const button = make("button", { type: "button", class: "sort" });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(table, place, head));
    });
  };
  const filtered = (table) => {
    const name = table.parentElement.getAttribute("aria-label") || "rows";
    const box = make("div", { class: "filter" });
    const input = make("input", { type: "search", placeholder: "Filter", "aria-label": "Filter " + name });
    const said = make("output", { "aria-live": "polite" });
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase();
      const rows = rowsOf(table);
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(words);
      said.textContent = words ? rows.filter((row) => !row.hidden).length + " of " + rows.length : "";
    });
    box.append(input, said);
    table.parentElement.before(box);
  };
  for (const table of document.querySelectorAll("table")) {
    if (!table.tHead || !table.tBodies.length) continue;
    const count = rowsOf(table).length;
    if (count > 1) sortable(table);
    if (count > 8) filtered(table);
  }
  const dark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const tone = make("button", { type: "button", class: "tone" }, "Light or dark");
  tone.addEventListener("click", () => { document.documentElement.dataset.theme = dark() ? "light" : "dark"; });
  document.querySelector(".brand").append(tone);
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const part of closed) part.open = true;
  });
  addEventListener("afterprint", () => { for (const part of closed) part.open = false; });
})();
