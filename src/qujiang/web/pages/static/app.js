// What every page shares: the menu, drafts that outlive a lost connection, forms that are sent once, the print button.
"use strict";
(() => {
  const root = document.body.dataset.root || "";
  const wide = window.matchMedia("(min-width: 48.01rem)");

  // The menu stands open on a wide screen, and opens on a small one.
  const menu = document.querySelector("[data-menu]");
  const setMenu = () => { if (menu) menu.open = wide.matches; };
  setMenu();
  menu?.classList.add("ready");
  wide.addEventListener("change", setMenu);

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // Where a form came back with faults, or a receipt is shown, the keyboard starts there.
  const first = document.querySelector("[data-focus]");
  if (first) first.focus();

  // A tip stands by its figure and on the screen, whatever box cuts what leaves it; on a phone it is a sheet at the foot.
  let tipped = null;
  const place = (figure) => {
    const tip = figure?.querySelector(":scope > .tip");
    if (!tip) return;
    tipped = figure;
    tip.classList.toggle("placed", wide.matches);
    if (!wide.matches) { tip.style.left = tip.style.top = ""; return; }
    const at = figure.querySelector(":scope > button").getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = tip;
    const below = at.bottom + height + 8 <= window.innerHeight || at.top < height + 8;
    tip.style.left = `${Math.max(8, Math.min(at.left, window.innerWidth - width - 8))}px`;
    tip.style.top = `${below ? at.bottom : at.top - height}px`;
  };
  for (const kind of ["pointerover", "focusin"]) {
    document.addEventListener(kind, (event) => place(event.target.closest?.(".figure")));
  }
  window.addEventListener("scroll", () => { if (tipped?.matches(":hover, :focus-within")) place(tipped); }, { capture: true, passive: true });

  // It closes with Escape.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.activeElement?.closest(".figure")) document.activeElement.blur();
  });

  // Drafts: what is typed into a form is kept on this device until the form was taken.
  const KEPT_MS = 7 * 24 * 3600 * 1000;
  const fieldsOf = (form) => [...form.elements].filter((field) =>
    field.name && !["hidden", "password", "file", "submit", "button"].includes(field.type));
  const keyOf = (form) => `draft:${root}:${form.dataset.draft}:${form.dataset.draftOwner || ""}`;
  const store = {
    get(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* a full or closed store keeps no drafts */ } },
    drop(key) { try { localStorage.removeItem(key); } catch { /* the same */ } },
  };
  const save = (form) => {
    const values = {};
    for (const field of fieldsOf(form)) {
      if (field.type === "checkbox" || field.type === "radio") {
        if (field.checked) (values[field.name] ||= []).push(field.value);
        else values[field.name] ||= [];
      } else (values[field.name] ||= []).push(field.value);
    }
    store.set(keyOf(form), { at: Date.now(), values });
  };
  const restore = (form) => {
    const kept = store.get(keyOf(form));
    if (!kept || Date.now() - kept.at > KEPT_MS) return false;
    const left = structuredClone(kept.values);
    let changed = false;
    for (const field of fieldsOf(form)) {
      const values = left[field.name];
      if (!values) continue;
      if (field.type === "checkbox" || field.type === "radio") {
        const on = values.includes(field.value);
        if (on !== field.checked) { field.checked = on; changed = true; }
      } else if (values.length) {
        const value = values.shift();
        if (value !== field.value) { field.value = value; changed = true; }
      }
      field.dispatchEvent(new Event("draft", { bubbles: true }));
    }
    return changed;
  };
  for (const done of document.querySelectorAll("[data-draft-done]")) {
    store.drop(`draft:${root}:${done.dataset.draftDone}:${done.dataset.draftOwner || ""}`);
  }
  for (const form of document.querySelectorAll("form[data-draft]")) {
    if (!document.getElementById("faults") && restore(form)) document.getElementById("draft").hidden = false;
    let timer = 0;
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => save(form), 150); });
    form.addEventListener("change", () => save(form));
  }

  // A form is sent once: a second click does nothing; without a connection nothing is sent and nothing is lost.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.draft) save(form);
    if (!navigator.onLine) {
      event.preventDefault();
      const note = document.getElementById("offline");
      note.hidden = false;
      note.scrollIntoView({ block: "center" });
      return;
    }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { for (const button of form.querySelectorAll("button")) button.disabled = true; }, 0);
  });
  window.addEventListener("online", () => { document.getElementById("offline").hidden = true; });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button")) button.disabled = false;
    }
  });
})();
