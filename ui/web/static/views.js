/* Gives the map of the library its hands: hover, click, lasso, and keys for all of these.
 *
 * What is chosen leaves as the event `footnote:scope` on the document, with the ids in
 * `detail.papers`, none of them when the choice is given up. The same event, sent by another
 * part of the page, is shown on the map. Listeners stand on the document, since maps come and
 * go; texts reach the page as text, never as HTML.
 */
(() => {
  "use strict";
  const REACH = 16; // CSS pixels from a point within which a press means it; a finger is wide
  const STIR = 6; // CSS pixels that a hand moves without meaning to draw
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const known = new WeakMap(); // of each map: its points, and which are chosen
  let drawing = null; // the lasso in the making
  let sending = false;

  function mapOf(element) {
    const figure = element instanceof Element ? element.closest(".fn-map") : null;
    if (!figure) return null;
    let map = known.get(figure);
    if (!map) {
      const svg = figure.querySelector(".fn-map-points");
      const points = [...svg.querySelectorAll(".fn-map-point")].map((circle) => ({
        circle, id: circle.dataset.paper, x: circle.cx.baseVal.value, y: circle.cy.baseVal.value,
      }));
      map = { figure, svg, points, chosen: new Set() };
      known.set(figure, map);
    }
    return map;
  }

  const find = (map, name) => map.figure.querySelector(name);
  const label = (circle) => circle.getAttribute("aria-label");

  function choose(map, papers) {
    map.chosen = new Set(papers);
    const many = map.chosen.size;
    map.points.forEach(({ circle, id }) => {
      circle.setAttribute("aria-selected", String(map.chosen.has(id)));
    });
    map.figure.querySelectorAll(".fn-map-label").forEach((button) => {
      const own = members(map, button);
      const all = own.length > 0 && own.every((id) => map.chosen.has(id));
      button.setAttribute("aria-pressed", String(all));
    });
    map.figure.classList.toggle("fn-choosing", many > 0);
    find(map, ".fn-map-clear").hidden = many === 0;
    say(map, many === 0 ? "" : many === 1 ? "1 paper chosen." : `${many.toLocaleString("en")} papers chosen.`);
  }

  function send(map, papers) {
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

  function members(map, button) {
    if (button.dataset.papers) return JSON.parse(button.dataset.papers);
    return map.points
      .filter(({ circle }) => circle.dataset.cluster === button.dataset.cluster)
      .map(({ id }) => id);
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

  // Points.

  function placeOn(map, event) {
    const matrix = map.svg.getScreenCTM();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    return { x, y, scale: matrix.a };
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

  function show(map, circle) {
    const tip = find(map, ".fn-map-tip");
    map.points.forEach((point) => point.circle.classList.toggle("fn-seen", point.circle === circle));
    tip.hidden = !circle;
    if (!circle) return;
    tip.textContent = label(circle);
    const ground = tip.parentElement.getBoundingClientRect();
    const spot = circle.getBoundingClientRect();
    const left = spot.left + spot.width / 2 - ground.left - tip.offsetWidth / 2;
    tip.style.left = `${Math.max(0, Math.min(left, ground.width - tip.offsetWidth))}px`;
    const above = spot.top - ground.top - tip.offsetHeight - 8;
    tip.style.top = `${above > 0 ? above : spot.bottom - ground.top + 8}px`;
  }

  // The lasso.

  document.addEventListener("pointerdown", (event) => {
    const map = event.target instanceof Element && event.target.closest(".fn-map-points") && mapOf(event.target);
    if (!map || event.button !== 0 || !event.isPrimary) return;
    drawing = { map, pointer: event.pointerId, from: [event.clientX, event.clientY], path: [], moved: false };
    drawing.path.push(placeOn(map, event));
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
      show(map, nearest(map, event)?.circle ?? null);
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
    if (!moved) {
      const point = nearest(map, event);
      if (point) {
        pick(map, [point.id], event);
        show(map, point.circle);
      }
      return;
    }
    const inside = map.points.filter((point) => within(path, point)).map(({ id }) => id);
    if (!inside.length) return say(map, "No papers there.");
    send(map, event.shiftKey ? [...map.chosen, ...inside] : inside);
  });

  document.addEventListener("pointercancel", (event) => {
    if (drawing && event.pointerId === drawing.pointer) end();
  });

  function end() {
    trace(drawing.map, []);
    drawing = null;
  }

  function trace(map, path) {
    const d = path.map(({ x, y }, at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
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

  // Buttons and keys.

  document.addEventListener("click", (event) => {
    const map = mapOf(event.target);
    if (!map) return;
    const button = event.target.closest(".fn-map-label");
    if (button) pick(map, members(map, button), event);
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
      move(map, circle, ARROWS[event.key]);
    }
  });

  function escape(event) {
    if (drawing) return end();
    // An open source closes first; in a text field Escape belongs to the text.
    if (event.defaultPrevented || event.target.closest?.("input, textarea")) return;
    document.querySelectorAll(".fn-map.fn-choosing").forEach((figure) => send(mapOf(figure), []));
  }

  // To the nearest point that way; what lies aside counts double.
  function move(map, circle, [right, down]) {
    const here = map.points.find((point) => point.circle === circle);
    let [best, least] = [null, Infinity];
    for (const point of map.points) {
      const ahead = (point.x - here.x) * right + (point.y - here.y) * down;
      const aside = Math.abs((point.x - here.x) * down + (point.y - here.y) * right);
      const cost = ahead + 2 * aside;
      if (ahead > 0.01 && cost < least) [best, least] = [point, cost];
    }
    if (!best) return;
    circle.setAttribute("tabindex", "-1");
    best.circle.setAttribute("tabindex", "0");
    best.circle.focus();
  }

  document.addEventListener("focusin", (event) => {
    const map = mapOf(event.target);
    const circle = event.target.closest(".fn-map-point");
    if (map && circle && circle.matches(":focus-visible")) show(map, circle);
  });
  document.addEventListener("focusout", (event) => {
    if (event.target instanceof Element && event.target.closest(".fn-map-point")) show(mapOf(event.target), null);
  });

  document.addEventListener("footnote:scope", (event) => {
    if (sending) return;
    document.querySelectorAll(".fn-map").forEach((figure) => choose(mapOf(figure), event.detail.papers));
  });
})();
