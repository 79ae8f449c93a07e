// Try a change: a slider beside each number, what was moved, a search, a reset. Without this script the numbers alone do.
"use strict";
(() => {
  const levers = [...document.querySelectorAll("[data-lever]")];
  if (!levers.length) return;
  const same = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1e-12);
  const count = document.querySelector("[data-lever-count]");
  const tell = () => {
    const moved = levers.filter((box) => box.classList.contains("moved")).length;
    count.textContent = moved ? count.dataset.words.replace("#", moved) : "";
  };
  const read = (field) => Number(field.value.replace(/[,，]/g, "").trim() || "NaN");
  for (const box of levers) {
    const field = box.querySelector("input"), now = Number(box.dataset.now);
    const slider = document.createElement("input");
    slider.type = "range";
    slider.min = box.dataset.low; slider.max = box.dataset.high; slider.step = "any";
    slider.value = field.value;
    slider.setAttribute("aria-label", box.querySelector("label").textContent);
    const pair = box.querySelector(".pair");
    pair.classList.remove("bare");
    pair.prepend(slider);
    const step = Number(box.dataset.step), low = Number(box.dataset.low);
    const mark = () => {
      const value = read(field);
      box.classList.toggle("moved", Number.isFinite(value) && !same(value, now));
      if (Number.isFinite(value)) slider.value = value;
      tell();
    };
    slider.addEventListener("input", () => {
      const raw = Number(slider.value);
      const round = step >= 1 ? Math.round(raw / step) * step : low + Math.round((raw - low) / step) * step;
      field.value = String(Number((Math.abs(raw - now) < step / 2 ? now : round).toPrecision(10)));
      mark();
    });
    slider.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!way) return;
      event.preventDefault();
      const value = Math.min(Number(slider.max), Math.max(low, (Number.isFinite(read(field)) ? read(field) : now) + way * step));
      field.value = String(Number(value.toPrecision(10)));
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    field.addEventListener("input", mark);
    field.addEventListener("draft", mark);
    mark();
  }
  const tools = document.querySelector("[data-lever-tools]"), search = document.getElementById("lever-search");
  tools.hidden = false;
  search.addEventListener("input", (event) => {
    event.stopPropagation();
    const wanted = search.value.trim().toLowerCase();
    for (const box of levers) box.hidden = wanted !== "" && !box.textContent.toLowerCase().includes(wanted);
    if (wanted) for (const group of document.querySelectorAll(".levers > details")) group.open = group.querySelector("[data-lever]:not([hidden])") !== null;
  });
  document.querySelector("[data-lever-reset]").addEventListener("click", () => {
    for (const box of levers) { const field = box.querySelector("input:not([type=range])"); field.value = box.dataset.now; field.dispatchEvent(new Event("input", { bubbles: true })); }
  });
})();
