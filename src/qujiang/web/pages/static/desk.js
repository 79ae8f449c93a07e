// The desk: keys of the worklist and of a request, questions of the chosen service, the way back to the list.
"use strict";
(() => {
  const KEYS = `keys:${document.body.dataset.root || ""}`;
  const kept = {
    on() { try { return localStorage.getItem(KEYS) !== "off"; } catch { return true; } },
    set(on) { try { localStorage.setItem(KEYS, on ? "on" : "off"); } catch { /* a closed store keeps nothing */ } },
  };
  const LIST = `list:${document.body.dataset.root || ""}`;
  const lines = [...document.querySelectorAll("[data-line]")];
  const dialog = document.getElementById("keys");
  const acts = [...document.querySelectorAll("details.act")];

  // The way back leads to the list as it was left: same filters, same page.
  try {
    if (document.querySelector("[data-lines]")) sessionStorage.setItem(LIST, location.pathname + location.search);
    const back = document.querySelector("[data-back]");
    const left = sessionStorage.getItem(LIST);
    if (back && left) back.href = left;
  } catch { /* without a store the plain list is the way back */ }

  const choose = (place) => {
    const line = lines[Math.max(0, Math.min(lines.length - 1, place))];
    if (!line) return;
    for (const other of lines) other.classList.toggle("chosen", other === line);
    const link = line.querySelector("a");
    link.focus({ preventScroll: true });
    line.scrollIntoView({ block: "nearest" });
  };
  const chosen = () => lines.findIndex((line) => line.classList.contains("chosen"));
  for (const line of lines) line.addEventListener("focusin", () => {
    for (const other of lines) other.classList.toggle("chosen", other === line);
  });

  const openAct = (act) => {
    act.open = true;
    (act.querySelector("textarea, input:not([type=hidden]), select, button") || act).focus();
    act.scrollIntoView({ block: "nearest" });
  };
  const fromHash = () => {
    const key = location.hash.match(/^#key-([a-z])$/);
    const act = key ? acts.find((one) => one.dataset.key === key[1]) : acts.find((one) => `#${one.id}` === location.hash);
    if (act) openAct(act);
  };
  window.addEventListener("hashchange", fromHash);
  if (!document.getElementById("faults")) fromHash();

  const toggle = dialog?.querySelector("[data-keys-on]");
  if (toggle) {
    toggle.checked = kept.on();
    toggle.addEventListener("change", () => kept.set(toggle.checked));
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  }
  for (const button of document.querySelectorAll("[data-help]")) {
    button.hidden = !dialog;
    button.addEventListener("click", () => dialog.showModal());
  }

  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (!dialog || dialog.open || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    const key = event.key;
    if (lines.length && (key === "ArrowDown" || key === "ArrowUp") && chosen() >= 0) {
      event.preventDefault();
      choose(chosen() + (key === "ArrowDown" ? 1 : -1));
      return;
    }
    if (!kept.on() && key !== "?") return;
    const done = () => event.preventDefault();
    if (key === "?") { done(); dialog.showModal(); }
    else if (key === "j" && lines.length) { done(); choose(chosen() + 1); }
    else if (key === "k" && lines.length) { done(); choose(chosen() - 1); }
    else if (key === "/" && document.querySelector("[data-search]")) { done(); document.querySelector("[data-search]").focus(); }
    else if (key === "u" && document.querySelector("[data-back]")) { done(); document.querySelector("[data-back]").click(); }
    else if (/^[a-z]$/.test(key) && acts.length) {
      const act = acts.find((one) => one.dataset.key === key);
      if (act) { done(); openAct(act); }
    } else if (/^[bcdeikmoprvwx]$/.test(key) && chosen() >= 0) {
      done();
      location.href = `${lines[chosen()].querySelector("a").href}#key-${key}`;
    }
  });

  // A new request: the questions of the service that is chosen, and no others.
  const form = document.querySelector("form[data-services]");
  if (form) {
    const service = form.elements.service_code;
    const show = () => {
      for (const group of form.querySelectorAll("[data-service]")) {
        const on = group.dataset.service === service.value;
        group.hidden = !on;
        group.disabled = !on;
      }
    };
    for (const element of form.querySelectorAll(".noscript")) element.hidden = true;
    service.addEventListener("change", show);
    form.addEventListener("draft", show);
    show();
  }

  // Files of one form: too much together is told before anything is sent.
  const papers = document.querySelector("form[data-most-bytes]");
  if (papers) {
    const note = papers.querySelector("[data-too-much]");
    const sum = () => [...papers.querySelectorAll("input[type=file]")]
      .flatMap((field) => [...field.files]).reduce((bytes, file) => bytes + file.size, 0);
    const tooMuch = () => { const much = sum() > Number(papers.dataset.mostBytes); note.hidden = !much; return much; };
    papers.addEventListener("change", tooMuch);
    papers.addEventListener("submit", (event) => {
      if (!note || !tooMuch()) return;
      event.preventDefault();
      note.scrollIntoView({ block: "center" });
    });
  }

  // The picture of a process opens where the case stands.
  const now = document.querySelector(".picture .node.ready");
  if (now) {
    const frame = now.closest(".picture");
    const at = now.getBoundingClientRect(), from = frame.getBoundingClientRect();
    frame.scrollLeft += at.left - from.left - frame.clientWidth / 2 + at.width / 2;
    frame.scrollTop += at.top - from.top - frame.clientHeight / 2 + at.height / 2;
  }
})();
