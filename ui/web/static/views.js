/* Gives the map of the library its hands: hover, click, lasso, zoom, and keys for all of these.
 *
 * What is chosen leaves as the event `footnote:scope` on the document, with the ids in
 * `detail.papers`, none of them when the choice is given up. The same event, sent by another
 * part of the page, is shown on the map. Listeners stand on the document, since maps come and
 * go; texts reach the page as text, never as HTML. What a map looks like is map.js.
 */
(() => {
  "use strict";
  const page = window.footnote;
  const { WIDTH, HEIGHT, CLOSEST, mapOf, raise, lower, show: showChosen, draw, look, move, follow, across, down } = page.chart;
  const REACH = 16; // CSS pixels from a point within which a press means it; a finger is wide
  const STIR = 6; // CSS pixels that a hand moves without meaning to draw
  const CORNERS = 300; // of an outline that is sent
  const MOST = 5000; // papers that are asked alone, as ui/web/requests.py has it
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const ZOOMS = { "+": 2, "=": 2, "-": 0.5, "0": 0 };
  let drawing = null; // the lasso in the making
  let sending = false;

  const find = (map, name) => map.figure.querySelector(name);

  function choose(map, papers) {
    map.chosen = new Set(papers);
    const many = map.chosen.size;
    showChosen(map);
    draw(map);
    map.figure.querySelectorAll(".fn-map-label").forEach((button) => {
      const own = members(map, button);
      const all = own.length > 0 && own.every((id) => map.chosen.has(id));
      button.setAttribute("aria-pressed", String(all));
    });
    map.figure.classList.toggle("fn-choosing", many > 0);
    find(map, ".fn-map-clear").hidden = many === 0;
    name(map);
    say(map, many === 0 ? "" : many === 1 ? "1 paper chosen." : `${many.toLocaleString("en")} papers chosen.`);
  }

  function send(map, papers) {
    const many = new Set(papers).size;
    if (many > MOST) {
      return say(map, `${many.toLocaleString("en")} papers would be chosen, and at most ${MOST.toLocaleString("en")} can be asked alone; choose fewer.`);
    }
    const had = map.chosen.size;
    choose(map, papers);
    if (had && !map.chosen.size) say(map, "No papers chosen; questions search all papers.");
    sending = true;
    const detail = { papers: [...map.chosen] };
    document.dispatchEvent(new CustomEvent("footnote:scope", { detail }));
    sending = false;
  }

  function say(map, text) {
    find(map, ".fn-map-said").textContent = text;
  }

  const members = (map, button) =>
    map.points.filter(({ cluster }) => cluster === Number(button.dataset.cluster)).map(({ id }) => id);

  // Of a sample, the server knows the others; null if it does not say.
  async function fetchPapers(map, args) {
    const reply = await page.call?.("map-papers", { revision: map.figure.dataset.revision, ...args });
    return reply?.papers ?? null;
  }

  async function pickCluster(map, button, event) {
    const cluster = Number(button.dataset.cluster);
    const papers = map.sampled ? await fetchPapers(map, { cluster }) : members(map, button);
    if (papers) pick(map, papers, event);
  }

  async function pickRegion(map, path, event) {
    const every = Math.ceil(path.length / CORNERS);
    const outline = path.filter((_, at) => at % every === 0).map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join(" ");
    const inside = map.sampled ? await fetchPapers(map, { outline })
      : map.points.filter((point) => within(path, point)).map(({ id }) => id);
    if (!inside) return;
    if (!inside.length) return say(map, "No papers there.");
    send(map, event.shiftKey ? [...map.chosen, ...inside] : inside);
  }

  // With Shift, Control or Command a choice is changed, without them it is made anew.
  function pick(map, papers, event) {
    const all = papers.every((id) => map.chosen.has(id));
    if (event.shiftKey || event.ctrlKey || event.metaKey) {
      const changed = new Set(map.chosen);
      papers.forEach((id) => (all ? changed.delete(id) : changed.add(id)));
      send(map, changed);
    } else {
      send(map, all && map.chosen.size === papers.length ? [] : papers);
    }
  }

  // One paper that is chosen is named by a button, which opens its card.

  function name(map) {
    const button = find(map, ".fn-map-open");
    const one = map.chosen.size === 1 ? map.points.find(({ id }) => map.chosen.has(id)) : null;
    if (map.one !== one) {
      if (button === page.opener) page.close();
      delete button.dataset.card;
    }
    map.one = one;
    button.hidden = !one || !page.fetchCard;
    button.textContent = one?.name ?? "";
  }

  async function openCard(map) {
    const { one } = map;
    const ofIt = () => [...document.querySelectorAll("#fn-cards .fn-card")].filter((card) => card.dataset.of === one.id).pop();
    if (!ofIt()) await page.fetchCard({ paper: one.id });
    const card = ofIt();
    if (!card || map.one !== one) return;
    const button = find(map, ".fn-map-open");
    button.dataset.card = card.id;
    page.open(button);
  }

  // Points.

  function placeOn(map, event) {
    const matrix = map.svg.getScreenCTM();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const { k, left, top } = map.view;
    return { x: x / k + left, y: y / k + top, scale: matrix.a * k };
  }

  function nearest(map, event) {
    const at = placeOn(map, event);
    let found = null;
    let least = REACH / at.scale;
    for (const point of map.points) {
      const off = Math.hypot(point.x - at.x, point.y - at.y);
      if (off < least) [found, least] = [point, off];
    }
    return found;
  }

  function show(map, point) {
    const tip = find(map, ".fn-map-tip");
    const ring = find(map, ".fn-map-ring");
    if (map.seen === point && !tip.hidden) return;
    map.seen = point;
    tip.hidden = !point;
    ring.setAttribute("r", point ? (point.circle?.r.baseVal.value ?? 4) + 3 : 0);
    if (!point) return;
    const [x, y] = [across(map, point.x), down(map, point.y)];
    ring.setAttribute("cx", x);
    ring.setAttribute("cy", y);
    tip.textContent = point.name;
    const ground = map.svg.getBoundingClientRect();
    const [left, spot] = [(x / WIDTH) * ground.width - tip.offsetWidth / 2, (y / HEIGHT) * ground.height];
    tip.style.left = `${Math.max(0, Math.min(left, ground.width - tip.offsetWidth))}px`;
    const above = spot - tip.offsetHeight - 16;
    tip.style.top = `${above > 0 ? above : spot + 16}px`;
  }

  // The lasso.

  document.addEventListener("pointerdown", (event) => {
    const map = event.target instanceof Element && event.target.closest(".fn-map-points") && mapOf(event.target);
    if (!map || event.button !== 0 || !event.isPrimary) return;
    drawing = { map, pointer: event.pointerId, from: [event.clientX, event.clientY], path: [], moved: false };
    drawing.path.push(placeOn(map, event));
    map.at = drawing.path[0];
    map.svg.setPointerCapture(event.pointerId);
  });

  document.addEventListener("pointermove", (event) => {
    if (drawing && event.pointerId === drawing.pointer) {
      const [x, y] = drawing.from;
      drawing.moved ||= Math.hypot(event.clientX - x, event.clientY - y) > STIR;
      if (!drawing.moved) return;
      drawing.path.push(placeOn(drawing.map, event));
      show(drawing.map, null);
      trace(drawing.map, drawing.path);
    } else if (!drawing && event.target instanceof Element && event.target.closest(".fn-map-points")) {
      const map = mapOf(event.target);
      show(map, nearest(map, event));
    }
  });

  document.addEventListener("pointerout", (event) => {
    const map = !drawing && mapOf(event.target);
    if (map && !map.svg.contains(event.relatedTarget)) show(map, null);
  });

  document.addEventListener("pointerup", (event) => {
    if (!drawing || event.pointerId !== drawing.pointer) return;
    const { map, path, moved } = drawing;
    end();
    if (moved) return pickRegion(map, path, event);
    const point = nearest(map, event);
    if (!point) return;
    pick(map, [point.id], event);
    show(map, point);
    // Where a card covers the map, its button opens it.
    if (map.one && page.fetchCard && event.pointerType === "mouse") openCard(map);
  });

  document.addEventListener("pointercancel", (event) => {
    if (drawing && event.pointerId === drawing.pointer) end();
  });

  function end() {
    trace(drawing.map, []);
    drawing = null;
  }

  function trace(map, path) {
    const d = path.map(({ x, y }, at) => `${at ? "L" : "M"}${across(map, x).toFixed(1)} ${down(map, y).toFixed(1)}`).join("");
    find(map, ".fn-map-lasso").setAttribute("d", d && `${d}Z`);
  }

  // A ray from the point to the right crosses the outline an odd number of times.
  function within(path, { x, y }) {
    let odd = false;
    path.forEach((one, at) => {
      const other = path[(at || path.length) - 1];
      const crosses = one.y > y !== other.y > y;
      if (crosses && x < ((other.x - one.x) * (y - one.y)) / (other.y - one.y) + one.x) odd = !odd;
    });
    return odd;
  }

  // Zoom: to the paper in focus, else where the map was last pressed, else to what is lit.

  function zoom(map, times, event = null) {
    show(map, null);
    if (!times) return move(map, 1, 0, 0);
    const focused = map.points.find(({ circle }) => circle && circle === document.activeElement);
    const { k, left, top } = map.view;
    const middle = { x: left + WIDTH / k / 2, y: top + HEIGHT / k / 2 };
    const at = focused || map.at || (k === 1 && map.lit.at(-1)) || middle;
    if (event) {
      const { x, y } = placeOn(map, event);
      return look(map, k * times, x, y);
    }
    map.at = null;
    const closer = Math.min(CLOSEST, Math.max(1, k * times));
    move(map, closer, at.x - WIDTH / closer / 2, at.y - HEIGHT / closer / 2);
  }

  // With Control, as when two fingers spread on a touchpad, the wheel zooms; it moves what is closer.
  document.addEventListener("wheel", (event) => {
    const map = event.target instanceof Element && event.target.closest(".fn-map-points") && mapOf(event.target);
    if (!map || (!event.ctrlKey && map.view.k === 1)) return;
    const { k, left, top } = map.view;
    show(map, null);
    const moved = event.ctrlKey
      ? zoom(map, Math.exp(-event.deltaY / 200), event)
      : move(map, k, left + event.deltaX / placeOn(map, event).scale, top + event.deltaY / placeOn(map, event).scale);
    if (event.ctrlKey || moved) event.preventDefault();
  }, { passive: false });

  // Buttons and keys.

  document.addEventListener("click", (event) => {
    const map = mapOf(event.target);
    if (!map) return;
    const label = event.target.closest(".fn-map-label");
    if (label) pickCluster(map, label, event);
    const to = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (to) zoom(map, { in: 2, out: 0.5, whole: 0 }[to]);
    // With a card it is a button as any other that opens one.
    if (event.target.closest(".fn-map-open:not([data-card])")) openCard(map);
    if (event.target.closest(".fn-map-clear")) {
      send(map, []);
      find(map, ".fn-map-label").focus();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return escape(event);
    const circle = event.target instanceof Element && event.target.closest(".fn-map-point");
    if (!circle) return;
    const map = mapOf(circle);
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      pick(map, [circle.dataset.paper], event);
    } else if (ARROWS[event.key]) {
      event.preventDefault();
      step(map, circle, ARROWS[event.key]);
    } else if (event.key in ZOOMS && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      zoom(map, ZOOMS[event.key]);
    }
  });

  function escape(event) {
    if (drawing) return end();
    // An open source closes first; in a text field Escape belongs to the text.
    if (event.defaultPrevented || event.target.closest?.("input, textarea")) return;
    document.querySelectorAll(".fn-map.fn-choosing").forEach((figure) => send(mapOf(figure), []));
  }

  // To the nearest point that way; what lies aside counts double.
  function step(map, circle, [right, below]) {
    const here = map.points.find((point) => point.circle === circle);
    let [best, least] = [null, Infinity];
    for (const point of map.points) {
      const ahead = (point.x - here.x) * right + (point.y - here.y) * below;
      const aside = Math.abs((point.x - here.x) * below + (point.y - here.y) * right);
      const cost = ahead + 2 * aside;
      if (ahead > 0.01 && cost < least) [best, least] = [point, cost];
    }
    if (!best) return;
    circle.setAttribute("tabindex", "-1");
    raise(map, best).setAttribute("tabindex", "0");
    follow(map, best);
    best.circle.focus();
    if (!map.chosen.has(here.id)) lower(map, here);
    draw(map);
  }

  document.addEventListener("focusin", (event) => {
    const map = mapOf(event.target);
    const circle = event.target.closest(".fn-map-point");
    if (map && circle?.matches(":focus-visible")) show(map, map.points.find((point) => point.circle === circle) ?? null);
  });
  document.addEventListener("focusout", (event) => {
    if (event.target instanceof Element && event.target.closest(".fn-map-point")) show(mapOf(event.target), null);
  });

  document.addEventListener("footnote:scope", (event) => {
    if (sending) return;
    document.querySelectorAll(".fn-map").forEach((figure) => choose(mapOf(figure), event.detail.papers));
  });
})();
