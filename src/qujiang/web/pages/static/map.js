// One map: outlines as the ground, layers of GeoJSON above it, names as HTML. Nothing is fetched but what `data-map` names.
"use strict";
(() => {
  const MODES = ["water", "road", "rail", "air"];
  const DASHES = { water: null, road: [2.2, 1.2], rail: [5, 1.6], air: [0.6, 1.6] };
  const ASIDE = { water: 0, road: 3, rail: -3, air: 6 };
  const SHAPES = ["circle", "triangle", "square", "diamond"];
  const STEPS = [0.5, 0.75, 1];
  const EDGE = "#17212b"; // the four colours of load are light and dark in themselves
  const WIDEST = 12, THINNEST = 0.9, FITTED_SHARE = 0.02, NEAR_PX = 6;
  const tint = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  const make = (tag, kind, text) => {
    const element = document.createElement(tag);
    if (kind) element.className = kind;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  // Numbers as the pages write them: three digits, four where 万 or 亿 scale them.
  const digits = (value, count) => {
    const places = Math.max(0, count - 1 - Math.floor(Math.log10(Math.abs(value) || 1)));
    return Number(value.toFixed(Math.min(places, 12)));
  };
  const plain = (value, language) => language === "zh" ? String(value) : value.toLocaleString("en-GB", { maximumFractionDigits: 6 });
  const number = (value, language) => {
    const size = Math.abs(value);
    if (language === "zh") {
      if (size >= 1e8) return `${plain(digits(value / 1e8, 4), language)}亿`;
      if (size >= 1e4) return `${plain(digits(value / 1e4, 4), language)}万`;
    } else if (size >= 1e6) return `${plain(digits(value / 1e6, 3), language)} million`;
    return plain(digits(value, 3), language);
  };
  const tonnes = (value, language) => {
    if (value === null || value === undefined) return "–";
    if (language === "zh") return `${number(value, language)}吨/年`;
    return Math.abs(value) >= 1e6 ? `${plain(digits(value / 1e6, 3), language)} Mt/year` : `${number(value, language)} t/year`;
  };
  const percent = (share, language) => `${plain(digits(share * 100, 3), language)}${language === "zh" ? "%" : " %"}`;

  const sign = (shape, fill, edge) => {
    const side = 36, canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    const pen = canvas.getContext("2d"), middle = side / 2;
    pen.fillStyle = fill; pen.strokeStyle = edge; pen.lineWidth = 2.5;
    pen.beginPath();
    const corners = {
      triangle: [[0, -14], [13.5, 10], [-13.5, 10]], square: [[-11, -11], [11, -11], [11, 11], [-11, 11]],
      diamond: [[0, -15], [15, 0], [0, 15], [-15, 0]], house: [[0, -14], [13, -3], [13, 12], [-13, 12], [-13, -3]],
      star: Array.from({ length: 10 }, (_, k) => {
        const far = k % 2 ? 6 : 15, turn = (k * Math.PI) / 5 - Math.PI / 2;
        return [far * Math.cos(turn), far * Math.sin(turn)];
      }),
    }[shape];
    if (corners) corners.forEach(([x, y], k) => (k ? pen.lineTo(middle + x, middle + y) : pen.moveTo(middle + x, middle + y)));
    else pen.arc(middle, middle, 11, 0, 2 * Math.PI);
    pen.closePath();
    if (shape !== "ring") pen.fill();
    pen.stroke();
    return pen.getImageData(0, 0, side, side);
  };

  const kept = new Map();
  const fetched = (url) => {
    if (!kept.has(url)) {
      const answer = fetch(url, { credentials: "same-origin" }).then((response) => {
        if (!response.ok) throw new Error(`${url}: ${response.status}`);
        return response.json();
      });
      answer.catch(() => kept.delete(url));
      kept.set(url, answer);
    }
    return kept.get(url);
  };
  const nothing = { type: "FeatureCollection", features: [] };

  class Chart {
    constructor(box) {
      this.box = box;
      this.told = JSON.parse(box.dataset.map);
      this.words = this.told.words;
      this.language = document.body.dataset.language;
      this.data = {};
      this.form = document.getElementById(this.told.controls || "") || null;
      this.holder = box.querySelector("[data-map-here]");
      this.chain = Number(this.told.chain || 1);
      this.placed = /map=/.test(location.hash); // the address says which part to show
    }

    get layers() { return this.told.layers; }

    begin() {
      this.holder.hidden = false;
      const words = this.words;
      this.map = new maplibregl.Map({
        container: this.holder,
        style: { version: 8, sources: {}, layers: [{ id: "ground", type: "background", paint: { "background-color": tint("sea") } }] },
        center: [119, 30], zoom: 5, minZoom: 3, maxZoom: 15, dragRotate: false, pitchWithRotate: false, touchPitch: false,
        attributionControl: false, fadeDuration: 0, hash: "map", cooperativeGestures: true, renderWorldCopies: false,
        locale: {
          "Map.Title": this.told.title, "NavigationControl.ZoomIn": words.zoom_in, "NavigationControl.ZoomOut": words.zoom_out,
          "Popup.Close": words.close, "ScaleControl.Meters": "m", "ScaleControl.Kilometers": "km",
          "CooperativeGesturesHandler.WindowsHelpText": words.gesture, "CooperativeGesturesHandler.MacHelpText": words.gesture_mac,
          "CooperativeGesturesHandler.MobileHelpText": words.gesture_touch,
        },
      });
      this.map.touchZoomRotate.disableRotation();
      this.map.keyboard.disableRotation();
      this.map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
      this.map.addControl(new maplibregl.ScaleControl(), "bottom-left");
      this.names = this.holder.appendChild(make("div", "names"));
      this.names.setAttribute("aria-hidden", "true");
      this.holder.appendChild(make("div", "cross")).setAttribute("aria-hidden", "true");
      this.popup = new maplibregl.Popup({ maxWidth: "18rem", focusAfterOpen: false, closeOnClick: false });
      this.spoken = this.box.querySelector("[data-map-spoken]");
      this.map.on("load", () => this.loaded().catch((error) => this.failed(error)));
      this.map.on("error", (event) => this.failed(event.error));
    }

    failed(error) {
      this.box.dataset.state = "failed";
      if (error) console.warn(String(error.message || error));
      const note = this.box.querySelector("[data-map-lost]");
      if (note) note.hidden = false;
    }

    async loaded() {
      this.draw_signs();
      await this.ground();
      await this.refresh();
      this.listen();
      this.fit(false);
      this.place_names();
      this.box.dataset.state = "drawn";
      this.map.on("idle", () => this.count());
      this.map.triggerRepaint();
    }

    draw_signs() {
      const put = (name, image) => (this.map.hasImage(name) ? this.map.updateImage(name, image) : this.map.addImage(name, image, { pixelRatio: 2 }));
      SHAPES.forEach((shape, k) => put(`lock-${k}`, sign(shape, tint(`load${k}`), EDGE)));
      put("lock-none", sign("ring", "transparent", tint("ink")));
      put("port", sign("star", tint("accent"), tint("card")));
      put("terminal", sign("square", tint("water"), tint("card")));
      put("venue", sign("house", tint("good"), tint("card")));
    }

    async ground() {
      const data = this.told.outlines ? await fetched(this.told.outlines) : nothing;
      const has_land = data.features.some((feature) => feature.properties.kind === "land");
      this.sea = has_land ? "sea" : "land";
      this.map.addSource("outlines", { type: "geojson", data, attribution: data.attribution || "" });
      this.map.addLayer({ id: "outlines", type: "fill", source: "outlines", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": tint("land") } });
      this.map.addLayer({ id: "home", type: "fill", source: "outlines", filter: ["==", ["get", "kind"], "district"], paint: { "fill-color": tint("home") } });
      this.map.addLayer({ id: "borders", type: "line", source: "outlines", paint: { "line-color": tint("border"), "line-width": 1 } });
      if (has_land) this.end_of(data);
      this.paint_ground();
    }

    // The outlines end somewhere: beyond them is neither land nor sea.
    end_of(data) {
      const reach = new maplibregl.LngLatBounds();
      const take = (coordinates) => (typeof coordinates[0] === "number" ? reach.extend(coordinates) : coordinates.forEach(take));
      data.features.forEach((feature) => take(feature.geometry.coordinates));
      const [[west, south], [east, north]] = reach.toArray();
      const ring = (w, s, e, n) => [[w, s], [e, s], [e, n], [w, n], [w, s]];
      const beyond = { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring(-180, -85, 180, 85), ring(west, south, east, north).reverse()] } };
      this.map.addSource("beyond", { type: "geojson", data: beyond });
      this.map.addLayer({ id: "beyond", type: "fill", source: "beyond", paint: { "fill-antialias": false } });
    }

    paint_ground() {
      if (this.map.getLayer("beyond")) this.map.setPaintProperty("beyond", "fill-color", tint("page"));
      this.map.setPaintProperty("ground", "background-color", tint(this.sea));
      this.map.setPaintProperty("outlines", "fill-color", tint("land"));
      this.map.setPaintProperty("home", "fill-color", tint("home"));
      this.map.setPaintProperty("borders", "line-color", tint("border"));
    }

    // What the controls say: layers that are on, year, cargo.
    get asked() {
      const all = this.form ? new FormData(this.form) : new FormData();
      const boxes = this.form ? this.form.querySelectorAll("input[name=layer]") : [];
      const on = boxes.length ? all.getAll("layer") : this.layers.map((layer) => layer.id);
      return { on: new Set(on), year: all.get("year") || "", cargo: all.get("cargo") || "" };
    }

    address(layer) {
      const { year, cargo } = this.asked;
      const [path, query] = layer.url.split("?"), parts = new URLSearchParams(query || "");
      for (const [name, value] of [...parts]) {
        const meant = { YEAR: year, CARGO: cargo }[value] ?? value;
        if (meant) parts.set(name, meant); else parts.delete(name);
      }
      return parts.size ? `${path}?${parts}` : path;
    }

    async refresh() {
      const turn = (this.turn = (this.turn || 0) + 1);
      const { on } = this.asked;
      const wanted = this.layers.filter((layer) => on.has(layer.id));
      const found = await Promise.all(wanted.map((layer) => fetched(this.address(layer))));
      if (turn !== this.turn) return;
      this.data = {};
      wanted.forEach((layer, k) => { this.data[layer.id] = found[k]; });
      for (const layer of this.layers) {
        const data = this.data[layer.id];
        if (this.map.getSource(layer.id)) this.map.getSource(layer.id).setData(data || nothing);
        else if (data) { this.map.addSource(layer.id, { type: "geojson", data }); this.add(layer); }
        if (data) this.dress(layer);
      }
      this.order();
      this.wishes = this.name_wishes();
      this.place_names();
    }

    ids(layer) {
      if (layer.kind === "flows" || layer.kind === "legs") return MODES.map((mode) => `${layer.id}-${mode}`);
      return layer.kind === "coverage" ? [layer.id, `${layer.id}-edge`] : [layer.id];
    }

    add(layer) {
      const add = (own) => this.map.addLayer({ source: layer.id, ...own });
      if (layer.kind === "flows" || layer.kind === "legs") {
        for (const mode of MODES) {
          const paint = { "line-offset": ASIDE[mode] };
          if (DASHES[mode]) paint["line-dasharray"] = DASHES[mode];
          add({ id: `${layer.id}-${mode}`, type: "line", filter: ["==", ["get", "mode"], mode], layout: { "line-join": "round" }, paint });
        }
      } else if (layer.kind === "coverage") {
        add({ id: layer.id, type: "fill" });
        add({ id: `${layer.id}-edge`, type: "line", paint: { "line-dasharray": [3, 2] } });
      } else if (layer.kind === "places") {
        add({ id: layer.id, type: "circle", filter: ["all", ["!=", ["get", "kind"], "junction"], ["!=", ["get", "port"], true]] });
        add({ id: `${layer.id}-port`, type: "symbol", filter: ["==", ["get", "port"], true], layout: { "icon-image": "port", "icon-allow-overlap": true } });
      } else {
        const load = ["get", "load_share"], steps = ["step", ["to-number", load], "lock-0", ...STEPS.flatMap((at, k) => [at, `lock-${k + 1}`])];
        const image = { locks: ["case", ["==", load, null], "lock-none", steps], terminals: "terminal", venues: "venue" }[layer.kind];
        const sort = layer.kind === "locks" ? { "symbol-sort-key": ["case", ["==", load, null], -1, load] } : {};
        add({ id: layer.id, type: "symbol", layout: { "icon-image": image, "icon-allow-overlap": true, "icon-size": 0.9, ...sort } });
      }
    }

    // Colours follow the system's wish for dark or light; widths follow the data.
    dress(layer) {
      const paint = (id, name, value) => this.map.setPaintProperty(id, name, value);
      const data = this.data[layer.id];
      if (layer.kind === "flows") {
        const change = data.features.some((feature) => "change_t" in feature.properties);
        const size = change ? ["abs", ["get", "change_t"]] : ["get", "total_t"];
        const width = ["max", THINNEST, ["*", WIDEST, ["/", size, Math.max(1, data.largest_t || 1)]]];
        for (const mode of MODES) {
          const id = `${layer.id}-${mode}`;
          paint(id, "line-color", change ? ["case", [">", ["get", "change_t"], 0], tint("good"), tint("bad")] : tint(mode));
          paint(id, "line-width", ["interpolate", ["linear"], ["zoom"], 4, ["*", 0.7, width], 10, ["*", 1.15, width]]);
        }
      } else if (layer.kind === "legs") {
        const chosen = ["==", ["get", "chain"], this.chain];
        for (const mode of MODES) {
          const id = `${layer.id}-${mode}`;
          paint(id, "line-color", tint(mode));
          paint(id, "line-width", ["case", chosen, 5.5, 2]);
          paint(id, "line-opacity", ["case", chosen, 1, 0.4]);
          this.map.setLayoutProperty(id, "line-sort-key", ["case", chosen, 1, 0]);
        }
      } else if (layer.kind === "coverage") {
        paint(layer.id, "fill-color", tint("good"));
        paint(layer.id, "fill-opacity", 0.14);
        paint(`${layer.id}-edge`, "line-color", tint("good"));
        paint(`${layer.id}-edge`, "line-width", 1.5);
      } else if (layer.kind === "places") {
        paint(layer.id, "circle-radius", ["interpolate", ["linear"], ["zoom"], 4, 2.2, 10, 4.5]);
        paint(layer.id, "circle-color", tint("card"));
        paint(layer.id, "circle-stroke-color", tint("ink"));
        paint(layer.id, "circle-stroke-width", 1.3);
      }
    }

    order() {
      const rank = ["coverage", "flows", "legs", "places", "venues", "terminals", "locks"];
      for (const kind of rank) for (const layer of this.layers) {
        if (layer.kind === kind) for (const id of this.ids(layer)) if (this.map.getLayer(id)) this.map.moveLayer(id);
      }
      for (const layer of this.layers) if (this.map.getLayer(`${layer.id}-port`)) this.map.moveLayer(`${layer.id}-port`);
    }

    // Bounds of what matters: thick flows, chains, else all.
    bounds() {
      const bounds = new maplibregl.LngLatBounds();
      const reach = (coordinates) => (typeof coordinates[0] === "number" ? bounds.extend(coordinates) : coordinates.forEach(reach));
      const kinds = ["legs", "flows", "places", "venues"];
      for (const kind of kinds) {
        for (const layer of this.layers) {
          const data = this.data[layer.id];
          if (layer.kind !== kind || !data) continue;
          for (const { geometry, properties } of data.features) {
            const size = Math.abs(properties.change_t ?? properties.total_t ?? Infinity);
            if (size >= FITTED_SHARE * (data.largest_t || 0)) reach(geometry.coordinates);
          }
        }
        if (!bounds.isEmpty()) break;
      }
      return bounds;
    }

    fit(moved = true) {
      if (!moved && this.placed) return;
      const bounds = this.bounds();
      const room = Math.min(48, this.holder.clientWidth / 10);
      if (!bounds.isEmpty()) this.map.fitBounds(bounds, { padding: room, maxZoom: 13, duration: moved && !still.matches ? 500 : 0 });
    }

    near() {
      const at = this.told.near;
      this.map.easeTo({ center: at.slice(0, 2), zoom: at[2], duration: still.matches ? 0 : 500 });
    }

    listen() {
      const map = this.map;
      map.on("move", () => this.move_names());
      map.on("moveend", () => this.place_names());
      map.on("mousemove", (event) => {
        const found = this.at(event.point);
        map.getCanvas().style.cursor = found.length ? "pointer" : "";
        if (!this.pinned) this.show(found, event.lngLat);
      });
      map.on("mouseout", () => { if (!this.pinned) this.popup.remove(); });
      map.on("click", (event) => {
        const found = this.at(event.point, 2);
        this.pinned = false;
        this.show(found, event.lngLat);
        this.pinned = found.length > 0;
      });
      this.popup.on("close", () => { this.pinned = false; });
      const canvas = map.getCanvas();
      canvas.addEventListener("keydown", (event) => {
        if (event.key === "Escape") this.popup.remove();
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        this.pinned = false;
        const found = this.at(map.project(map.getCenter()), 3);
        this.show(found, map.getCenter(), true);
        this.pinned = found.length > 0;
      });
      dark.addEventListener("change", () => {
        this.draw_signs();
        this.paint_ground();
        for (const layer of this.layers) if (this.data[layer.id]) this.dress(layer);
      });
      this.controls();
      this.buttons();
    }

    controls() {
      for (const button of document.querySelectorAll("[data-map-view]")) {
        button.hidden = false;
        button.addEventListener("click", () => (button.dataset.mapView === "near" ? this.near() : this.fit()));
      }
      for (const link of document.querySelectorAll("a[data-chain]")) {
        link.addEventListener("click", (event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          this.choose(link);
        });
      }
      if (!this.form) return;
      for (const button of this.form.querySelectorAll("[data-no-script]")) button.hidden = true;
      for (const out of this.form.querySelectorAll("output[for]")) {
        const field = document.getElementById(out.htmlFor.value);
        field.addEventListener("input", () => { out.value = field.value; });
      }
      let timer = 0;
      const changed = () => { clearTimeout(timer); timer = setTimeout(() => this.changed(), 180); };
      this.form.addEventListener("input", changed);
      this.form.addEventListener("change", changed);
      this.form.addEventListener("submit", (event) => { event.preventDefault(); changed(); });
    }

    choose(link) {
      this.chain = Number(link.dataset.chain);
      for (const other of document.querySelectorAll("a[data-chain]")) {
        if (other === link) other.setAttribute("aria-current", "true"); else other.removeAttribute("aria-current");
        other.closest("tr")?.classList.toggle("chosen", other === link);
      }
      history.replaceState(null, "", link.getAttribute("href") + location.hash);
      for (const layer of this.layers) if (layer.kind === "legs" && this.data[layer.id]) this.dress(layer);
      this.wishes = this.name_wishes();
      this.place_names();
    }

    async changed() {
      const query = new URLSearchParams(new FormData(this.form));
      for (const [name, value] of [...query]) if (value === "") query.delete(name);
      const address = `${location.pathname}?${query}`;
      history.replaceState(null, "", address + location.hash);
      for (const link of document.querySelectorAll(".tools a")) link.search = `?${query}`;
      this.popup.remove();
      this.box.dataset.state = "changing";
      try {
        const [, page] = await Promise.all([this.refresh(), fetch(address, { credentials: "same-origin" }).then((answer) => answer.text())]);
        const fresh = new DOMParser().parseFromString(page, "text/html");
        for (const part of document.querySelectorAll("[data-map-part]")) {
          const other = fresh.querySelector(`[data-map-part="${part.dataset.mapPart}"]`);
          if (other) part.replaceChildren(...other.childNodes);
        }
        this.buttons();
        this.box.dataset.state = "drawn";
      } catch (error) { this.failed(error); }
    }

    // Rows of the table twins lead to their place on the map.
    buttons() {
      for (const span of document.querySelectorAll("span[data-map-go]")) {
        const button = make("button", "go", span.textContent);
        button.type = "button";
        button.title = this.words.show;
        button.addEventListener("click", () => this.go(span.dataset.mapGo));
        span.replaceChildren(button);
      }
    }

    go(name) {
      const [kind, ...rest] = name.split(":"), key = rest.join(":");
      for (const layer of this.layers) {
        if (layer.kind !== kind || !this.data[layer.id]) continue;
        const feature = this.data[layer.id].features.find((one) => this.key(kind, one.properties) === key);
        if (!feature) continue;
        const at = middle(feature.geometry);
        this.pinned = false;
        this.show([{ feature, kind, id: layer.id }], at, true);
        this.pinned = true;
        this.holder.scrollIntoView({ block: "nearest", behavior: still.matches ? "auto" : "smooth" });
        this.map.easeTo({ center: at, duration: still.matches ? 0 : 400 });
        return;
      }
    }

    key(kind, told) {
      if (kind === "flows") return `${told.mode}|${told.from}|${told.to}`;
      if (kind === "legs") return `${told.chain}|${told.leg}`;
      return String(told.lock || told.id || told.venue || "");
    }

    at(point, times = 1) {
      const far = NEAR_PX * times, box = [[point.x - far, point.y - far], [point.x + far, point.y + far]];
      const ids = [], of = {};
      for (const layer of this.layers) for (const id of [...this.ids(layer), `${layer.id}-port`]) {
        if (this.map.getLayer(id)) { ids.push(id); of[id] = layer; }
      }
      const seen = new Set(), found = [];
      for (const feature of this.map.queryRenderedFeatures(box, { layers: ids })) {
        const { kind, id } = of[feature.layer.id], name = `${kind}:${this.key(kind, feature.properties)}`;
        if (!seen.has(name)) { seen.add(name); found.push({ feature, kind, id }); }
      }
      const rank = { locks: 0, terminals: 1, venues: 2, places: 3, legs: 4, flows: 5, coverage: 6 };
      return found.sort((one, other) => rank[one.kind] - rank[other.kind]).slice(0, 4);
    }

    show(found, at, aloud = false) {
      if (!found.length) { this.popup.remove(); if (aloud && this.spoken) this.spoken.textContent = this.words.nothing; return; }
      const body = make("div", "told");
      for (const { feature, kind, id } of found) body.appendChild(this.card(kind, feature.properties, this.data[id] || {}));
      this.popup.setLngLat(at).setDOMContent(body);
      if (!this.popup.isOpen()) this.popup.addTo(this.map);
      if (aloud && this.spoken) this.spoken.textContent = [...body.querySelectorAll("h3, dt, dd, p")].map((part) => part.textContent).join(" ");
    }

    name(told) { return (this.language === "zh" ? told.zh ?? told.name_zh : told.en ?? told.name_en) || told.name || told.id || ""; }

    card(kind, told, whole) {
      const words = this.words, language = this.language, card = make("section");
      const lines = [], line = (name, value) => { if (value !== null && value !== undefined && value !== "") lines.push([words[name], value]); };
      const parsed = (value) => { try { return typeof value === "string" && /^[[{]/.test(value) ? JSON.parse(value) : value; } catch { return value; } };
      let title = this.name(told);
      if (kind === "flows" || kind === "legs") {
        title = `${words.modes[told.mode]}: ${told[`from_${language}`]} – ${told[`to_${language}`]}`;
      }
      if (kind === "flows" && told.change_t !== undefined) {
        line("change", `${told.change_t > 0 ? "+" : ""}${tonnes(told.change_t, language)}`);
        line("before", tonnes(told.before_t, language));
        line("after", tonnes(told.after_t, language));
      } else if (kind === "flows") {
        line("total", tonnes(told.total_t, language));
        line("there", tonnes(told.there_t, language));
        line("back", tonnes(told.back_t, language));
      } else if (kind === "legs") {
        title = `${told.chain}. ${title}`;
        for (const name of ["means", "length", "cost", "time", "co2e"]) line(name, told[`${name}_${language}`] ?? told[name]);
        if (told.schematic) line("way", words.schematic);
      } else if (kind === "locks") {
        line("load", told.load_share === null || told.load_share === undefined ? words.unknown : percent(told.load_share, language));
        line("own", tonnes(told.own_t, language));
        if (told.own_vessels !== undefined && told.own_vessels !== null) line("own_vessels", number(Math.round(told.own_vessels), language));
        if (told.capacity_vessels) line("capacity_vessels", number(Math.round(told.capacity_vessels), language));
      } else if (kind === "terminals") {
        const berths = parsed(told.berths), capacity = parsed(told.capacity);
        line("berths", berths?.value);
        line("capacity", capacity ? tonnes(capacity.value, language) : null);
        told = { ...told, status: capacity?.status || berths?.status, source: capacity?.source || berths?.source };
      } else if (kind === "coverage") line("coverage", words.coverage_how);
      const status = told.status || whole.status;
      const source = parsed(told.source) ?? whole.source ?? this.told.sources?.[kind];
      card.appendChild(make("h3", "", title));
      if (lines.length) {
        const list = card.appendChild(make("dl"));
        for (const [name, value] of lines) { list.appendChild(make("dt", "", name)); list.appendChild(make("dd", "", String(value))); }
      }
      const sources = (Array.isArray(source) ? source : [source]).filter(Boolean).map((id) => this.told.titles?.[id] || id).join("; ");
      const foot = [words.statuses[status] || status, sources && `${words.source}: ${sources}`].filter(Boolean).join(" · ");
      if (foot) card.appendChild(make("p", "from", foot));
      return card;
    }

    // Names: the weightiest first, each only where it hides no other.
    name_wishes() {
      const weight = new Map(), at = new Map(), name = new Map();
      const add = (id, where, text, more) => { if (!text) return; at.set(id, where); name.set(id, text); weight.set(id, (weight.get(id) || 0) + more); };
      for (const layer of this.layers) {
        const data = this.data[layer.id];
        if (!data) continue;
        for (const { geometry, properties: told } of data.features) {
          if (layer.kind === "flows" || layer.kind === "legs") {
            const ends = [geometry.coordinates[0], geometry.coordinates.at(-1)];
            const size = layer.kind === "legs" ? (told.chain === this.chain ? 10 : 1) : Math.abs(told.change_t ?? told.total_t ?? 0);
            ["from", "to"].forEach((end, k) => { if (!told[`${end}_kind`] || told[`${end}_kind`] !== "junction") add(told[end], ends[k], short(told[`${end}_${this.language}`]), size); });
          } else if (layer.kind === "venues") add(`venue ${told.id}`, geometry.coordinates, this.name(told), 1);
        }
      }
      for (const layer of this.layers) {
        const data = this.data[layer.id];
        if (!data || layer.kind !== "places") continue;
        for (const { geometry, properties: told } of data.features) {
          if (told.kind === "junction") { name.delete(told.id); continue; }
          if (told.kind === "water_port" && weight.has(told.id)) weight.set(told.id, 0.3 * weight.get(told.id));
          if (told.port) add(told.id, geometry.coordinates, short(this.name(told)), 1e15);
        }
      }
      const wishes = [...name.keys()].sort((one, other) => weight.get(other) - weight.get(one))
        .map((id) => ({ id, at: at.get(id), text: name.get(id), strong: weight.get(id) >= 1e15 }));
      return wishes.slice(0, 160);
    }

    place_names() {
      if (!this.wishes) return;
      const width = this.holder.clientWidth, height = this.holder.clientHeight, most = Math.max(6, Math.round((width * height) / 12000));
      const taken = [], shown = [];
      for (const wish of this.wishes) {
        const { x, y } = this.map.project(wish.at);
        if (x < 0 || y < 0 || x > width || y > height || shown.length >= most) continue;
        const long = [...wish.text].reduce((sum, letter) => sum + (letter > "\u2e80" ? 13 : 7.2), 4);
        for (const [dx, dy] of [[8, -8], [-8 - long, -8], [-long / 2, 8], [-long / 2, -24]]) {
          const box = [x + dx, y + dy, x + dx + long, y + dy + 16];
          if (box[0] < 2 || box[2] > width - 40 || taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
          taken.push(box);
          shown.push({ ...wish, dx, dy });
          break;
        }
      }
      this.shown = shown;
      this.names.replaceChildren(...shown.map((wish) => make("span", wish.strong ? "strong" : "", wish.text)));
      this.move_names();
    }

    move_names() {
      if (!this.shown) return;
      this.shown.forEach((wish, k) => {
        const { x, y } = this.map.project(wish.at);
        this.names.children[k].style.transform = `translate(${(x + wish.dx).toFixed(1)}px, ${(y + wish.dy).toFixed(1)}px)`;
      });
    }

    count() {
      const told = {};
      for (const layer of this.layers) {
        const ids = [...this.ids(layer), `${layer.id}-port`].filter((id) => this.map.getLayer(id));
        const seen = new Set();
        if (ids.length) for (const feature of this.map.queryRenderedFeatures({ layers: ids })) seen.add(this.key(layer.kind, feature.properties));
        told[layer.id] = seen.size;
      }
      this.box.dataset.drawn = JSON.stringify(told);
    }
  }

  const middle = (geometry) => {
    if (geometry.type === "Point") return geometry.coordinates;
    if (geometry.type === "Polygon") return geometry.coordinates[0][0];
    const line = geometry.coordinates;
    if (line.length !== 2) return line[Math.floor(line.length / 2)];
    return [(line[0][0] + line[1][0]) / 2, (line[0][1] + line[1][1]) / 2];
  };
  const short = (text) => (text || "").replace(/\s*[(（].*?[)）]/g, "") || text;

  for (const box of document.querySelectorAll("[data-map]")) {
    const canvas = document.createElement("canvas");
    if (!window.maplibregl || !canvas.getContext("webgl2")) {
      box.dataset.state = "without";
      continue;
    }
    maplibregl.setWorkerUrl(JSON.parse(box.dataset.map).worker);
    new Chart(box).begin();
  }
})();
