// A week of the port, hour by hour: who comes, who lies at anchor, who is at which berth. Nothing moves by itself.
"use strict";
(() => {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const SHIP = { in: "M14 9V1m-4 4l4-4l4 4", out: "M14 1v8m-4-4l4 4l4-4" };
  const drawn = (direction) => {
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    picture.setAttribute("class", `ship ${direction}`);
    picture.setAttribute("viewBox", "0 0 28 20");
    for (const [kind, line] of [["", "M2 12h24l-4 6H6z"], ["way", SHIP[direction] || SHIP.in]]) {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      if (kind) path.setAttribute("class", kind);
      path.setAttribute("d", line);
      picture.appendChild(path);
    }
    return picture;
  };

  for (const box of document.querySelectorAll("[data-week]")) {
    const slider = box.querySelector("input[type=range]"), play = box.querySelector("[data-week-play]"), told = box.querySelector("[data-week-told]");
    let week = null, timer = 0;

    const show = (hour) => {
      const lanes = { arriving: [], anchored: [] }, berthed = new Map();
      for (const visit of week.visits) {
        if (hour < visit.anchored_h && visit.anchored_h <= hour + week.ahead_h) lanes.arriving.push(visit);
        else if (visit.anchored_h <= hour && hour < visit.berthed_h) lanes.anchored.push(visit);
        else if (visit.berthed_h <= hour && hour < visit.left_h) berthed.set(visit.berth, visit);
      }
      for (const lane of box.querySelectorAll("[data-lane]")) lane.replaceChildren(...lanes[lane.dataset.lane].map((visit) => drawn(visit.direction)));
      for (const berth of box.querySelectorAll("[data-berth]")) {
        const visit = berthed.get(Number(berth.dataset.berth)), name = visit ? `${visit.berthed_h}` : "";
        if (berth.dataset.visit === name) continue;
        berth.dataset.visit = name;
        berth.replaceChildren(...(visit ? [drawn(visit.direction)] : []));
      }
      for (const bar of box.querySelectorAll("[data-yard]")) {
        const steps = week.fill[bar.dataset.yard].filter(([at]) => at <= hour);
        bar.setAttribute("width", `${(100 * Math.min(1, steps.length ? steps.at(-1)[1] : 0)).toFixed(1)}%`);
      }
      const words = { DAY: Math.floor(hour / 24) + 1, HOUR: hour % 24, USED: berthed.size, ALL: week.berths.length, ANCHORED: lanes.anchored.length, ARRIVING: lanes.arriving.length };
      told.textContent = box.dataset.told.replace(/DAY|HOUR|USED|ALL|ANCHORED|ARRIVING/g, (word) => words[word]);
      slider.value = hour;
      slider.setAttribute("aria-valuetext", told.textContent);
      box.dataset.hour = hour;
    };
    const pause = () => {
      clearInterval(timer);
      timer = 0;
      play.textContent = box.dataset.play;
      play.setAttribute("aria-pressed", "false");
      told.setAttribute("aria-live", "polite");
    };
    const step = (by) => show((Number(slider.value) + by + week.hours) % week.hours);
    const begin = () => {
      told.setAttribute("aria-live", "off"); // a running clock is not read aloud
      play.textContent = box.dataset.pause;
      play.setAttribute("aria-pressed", "true");
      timer = setInterval(() => step(1), still.matches ? 1500 : 350);
    };

    fetch(box.dataset.week, { credentials: "same-origin" }).then((answer) => answer.json()).then((answer) => {
      week = answer.week;
      if (!week) return;
      for (const button of box.querySelectorAll("[data-week-play], [data-week-step]")) button.hidden = false;
      for (const button of box.querySelectorAll("[data-no-script]")) button.hidden = true;
      play.addEventListener("click", () => (timer ? pause() : begin()));
      for (const button of box.querySelectorAll("[data-week-step]")) button.addEventListener("click", () => { pause(); step(Number(button.dataset.weekStep)); });
      slider.addEventListener("input", () => { pause(); show(Number(slider.value)); });
      slider.form.addEventListener("submit", (event) => event.preventDefault());
      document.addEventListener("visibilitychange", () => { if (document.hidden) pause(); });
      show(Number(slider.value));
      box.dataset.state = "ready";
    }).catch(() => { box.dataset.state = "still"; });
  }
})();
