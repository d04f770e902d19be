/**
 * The page's one script: tooltips by mouse, touch and keyboard, filters, sorting, theme, details that open for the printer. It reads data
 * attributes and writes text alone, never markup, and the page tells everything without it.
 */
export const SCRIPT = `
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.setAttribute("role", "status");
  tip.hidden = true;
  document.body.append(tip);
  for (const title of all("[data-tip] > title")) title.remove();
  const show = (target) => {
    tip.textContent = target.dataset.tip;
    tip.hidden = false;
    const at = (target.querySelector(".hit") ?? target).getBoundingClientRect();
    const own = tip.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left + at.width / 2 - own.width / 2), innerWidth - own.width - 8);
    const top = at.top - own.height - 8 < 8 ? at.bottom + 8 : at.top - own.height - 8;
    tip.style.left = left + "px";
    tip.style.top = top + "px";
    for (const other of all('.mark[data-row="' + target.dataset.row + '"]')) other.classList.add("on");
  };
  const hide = () => {
    tip.hidden = true;
    for (const other of all(".mark.on")) other.classList.remove("on");
  };
  for (const target of all("[data-tip]")) {
    target.addEventListener("mouseenter", () => show(target));
    target.addEventListener("mouseleave", hide);
    target.addEventListener("focus", () => show(target));
    target.addEventListener("blur", hide);
    const open = () => {
      const heading = byId("v" + target.dataset.row);
      if (heading) heading.scrollIntoView();
    };
    target.addEventListener("click", open);
    target.addEventListener("keydown", (event) => {
      if (event.key === "Enter") open();
      if (event.key === "Escape") hide();
    });
  }
  addEventListener("scroll", hide, { passive: true });

  const filters = byId("filters");
  if (filters) {
    filters.hidden = false;
    const rows = all("#rows > li").map((one) => ({ index: one.dataset.row, verdict: one.dataset.verdict, kept: one.dataset.kept === "1", text: one.textContent.toLowerCase() }));
    const apply = () => {
      const verdicts = new Set(all("input[name=verdict]:checked", filters).map((input) => input.value));
      const words = byId("search").value.toLowerCase().trim();
      const kept = byId("kept")?.checked === true;
      let shown = 0;
      for (const row of rows) {
        const match = verdicts.has(row.verdict) && row.text.includes(words);
        if (match) shown += 1;
        for (const element of all('[data-row="' + row.index + '"]')) {
          const isPlotted = element.closest("svg") !== null;
          element.classList.toggle("off", !match || (isPlotted && row.kept && !kept));
        }
      }
      byId("shown").textContent = shown === rows.length ? rows.length + " variants" : shown + " of " + rows.length + " variants";
    };
    filters.addEventListener("input", apply);
    filters.addEventListener("submit", (event) => event.preventDefault());
    apply();
  }

  for (const button of all("button.sort")) {
    button.addEventListener("click", () => {
      const head = button.closest("th");
      const column = [...head.parentNode.children].indexOf(head);
      const isUp = head.getAttribute("aria-sort") !== "ascending";
      for (const other of all("th", head.parentNode)) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", isUp ? "ascending" : "descending");
      const body = button.closest("table").tBodies[0];
      const key = (row) => row.children[column].dataset.sort ?? "";
      const isNumber = button.dataset.kind === "number";
      const order = (a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === "" || y === "") return (x === "") - (y === "");
        return (isUp ? 1 : -1) * (isNumber ? x - y : x.localeCompare(y, "en", { numeric: true }));
      };
      body.append(...[...body.rows].sort(order));
    });
  }

  const theme = byId("theme");
  if (theme) {
    theme.hidden = false;
    const names = ["auto", "light", "dark"];
    theme.addEventListener("click", () => {
      const next = names[(names.indexOf(document.documentElement.dataset.theme ?? "auto") + 1) % names.length];
      if (next === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = next;
      theme.textContent = "Theme: " + next;
    });
  }
  const openAll = byId("open-all");
  if (openAll) {
    openAll.hidden = false;
    openAll.addEventListener("click", () => {
      const details = all("details");
      const isOpening = details.some((one) => !one.open);
      for (const one of details) one.open = isOpening;
      openAll.textContent = isOpening ? "Close all details" : "Open all details";
    });
  }
  addEventListener("beforeprint", () => { for (const one of all("details")) one.open = true; });
})();
`;
