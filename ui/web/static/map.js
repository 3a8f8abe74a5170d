/* Draws the papers of a map on a canvas, and moves what is seen of it: closer, aside, the whole.
 *
 * Above the canvas stand elements for the few papers that somebody must meet one by one: those
 * that an answer found, the one in focus, the chosen ones while they are few. A map of many papers
 * is a sample; of a part that is seen closer, the server sends more.
 */
(() => {
  "use strict";
  const page = window.footnote;
  const WIDTH = 800, HEIGHT = 560; // the map's own units, as ui/rendering/charts/dots.py has them
  const CLOSEST = 16;
  const RAISED = 200; // chosen papers that get an element each
  const SVG = "http://www.w3.org/2000/svg";
  const known = new WeakMap();

  function mapOf(element) {
    const figure = element instanceof Element ? element.closest(".fn-map") : null;
    return figure && (known.get(figure) ?? make(figure));
  }

  function make(figure) {
    const find = (name) => figure.querySelector(name);
    const svg = find(".fn-map-points");
    const lit = [...svg.querySelectorAll(".fn-map-point")].map((circle) => ({
      id: circle.dataset.paper, name: circle.getAttribute("aria-label"), cluster: Number(circle.dataset.cluster),
      x: circle.cx.baseVal.value, y: circle.cy.baseVal.value, circle, lit: true,
    }));
    // By cluster; a name below the map has no place on it.
    const labels = [];
    figure.querySelectorAll(".fn-map-label").forEach((button) => {
      labels[button.dataset.cluster] = { button, x: parseFloat(button.style.left), y: parseFloat(button.style.top) };
    });
    const numbers = [...svg.querySelectorAll(".fn-map-number")].map((text) => ({
      text, x: Number(text.getAttribute("x")), y: Number(text.getAttribute("y")),
    }));
    const map = {
      figure, svg, canvas: find(".fn-map-canvas"), list: svg.querySelector("[role=listbox]"), lit, labels, numbers,
      sampled: "sampled" in figure.dataset, chosen: new Set(), view: { k: 1, left: 0, top: 0 },
    };
    known.set(figure, map);
    map.whole = parse(map, find(".fn-map-dots").textContent);
    find(".fn-map-dots").remove();
    take(map, map.whole);
    if (!lit.length && map.points.length) raise(map, map.points[0]).setAttribute("tabindex", "0");
    new ResizeObserver(() => draw(map)).observe(svg);
    return map;
  }

  // One line a paper: across, down, cluster, id, name.
  function parse(map, text) {
    const above = new Set(map.lit.map(({ id }) => id));
    const dots = [];
    for (const line of text.split("\n")) {
      if (!line) continue;
      const [x, y, cluster, name, title] = line.split("\t");
      const id = name.includes("%") ? decodeURIComponent(name) : name;
      if (!above.has(id)) dots.push({ id, name: title, cluster: Number(cluster), x: Number(x), y: Number(y), circle: null });
    }
    return dots;
  }

  function take(map, dots) {
    // A paper that has an element keeps it.
    const raised = new Map((map.points ?? []).filter((one) => one.circle).map((one) => [one.id, one]));
    const kept = dots.map((dot) => raised.get(dot.id) ?? dot);
    const there = new Set(kept);
    const rest = [...raised.values()].filter((one) => !one.lit && !there.has(one));
    map.points = [...map.lit, ...kept, ...rest];
    tell(map, dots.length);
    show(map);
    draw(map);
  }

  function tell(map, count) {
    const line = map.figure.querySelector(".fn-map-sample");
    if (!line) return;
    line.dataset.whole ??= line.textContent;
    line.textContent = map.view.k === 1 ? line.dataset.whole : `Showing ${count.toLocaleString("en")} papers of this part. `;
  }

  // Elements

  function raise(map, point) {
    if (point.circle) return point.circle;
    const circle = document.createElementNS(SVG, "circle");
    const colour = map.labels[point.cluster]?.button.className.match(/fn-c\d+/)?.[0] ?? "fn-c0";
    const set = {
      class: `fn-map-point ${colour}`, role: "option", tabindex: "-1", "aria-label": point.name,
      "aria-selected": String(map.chosen.has(point.id)), "data-paper": point.id, "data-cluster": point.cluster,
    };
    for (const [name, value] of Object.entries(set)) circle.setAttribute(name, value);
    point.circle = circle;
    place(map, point);
    map.list.append(circle);
    return circle;
  }

  function lower(map, point) {
    if (!point.circle || point.lit || point.circle.tabIndex === 0) return;
    point.circle.remove();
    point.circle = null;
  }

  // What is chosen has elements while it is little; what was given up loses them.
  function show(map) {
    const few = map.chosen.size <= RAISED;
    for (const point of map.points) {
      const chosen = map.chosen.has(point.id);
      if (chosen && few) raise(map, point);
      else lower(map, point);
      point.circle?.setAttribute("aria-selected", String(chosen));
    }
  }

  // Places

  const across = (map, x) => (x - map.view.left) * map.view.k;
  const down = (map, y) => (y - map.view.top) * map.view.k;

  function place(map, { circle, x, y, lit }) {
    circle.setAttribute("cx", across(map, x).toFixed(1));
    circle.setAttribute("cy", down(map, y).toFixed(1));
    if (!lit) circle.setAttribute("r", (radius(map) + 1).toFixed(1));
  }

  // Many dots are small ones; those of a small map are as large as a finger needs.
  function radius(map) {
    const narrow = map.svg.clientWidth < 560 ? 1.6 : 1;
    const size = map.points.length > 2500 ? 2.4 : map.points.length > 1000 ? 3 : 4;
    return size * narrow * Math.min(2, Math.sqrt(map.view.k));
  }

  function draw(map) {
    map.due ||= requestAnimationFrame(() => {
      map.due = 0;
      arrange(map);
      paint(map);
    });
  }

  function arrange(map) {
    for (const point of map.points) if (point.circle) place(map, point);
    for (const { button, x, y } of map.labels) {
      if (Number.isNaN(x)) continue;
      const left = (across(map, (x / 100) * WIDTH) / WIDTH) * 100;
      const top = (down(map, (y / 100) * HEIGHT) / HEIGHT) * 100;
      button.style.left = `${left.toFixed(2)}%`;
      button.style.top = `${top.toFixed(2)}%`;
      button.classList.toggle("fn-off", map.view.k > 1 && (left < 0 || left > 100 || top < 0 || top > 100));
    }
    for (const { text, x, y } of map.numbers) {
      text.setAttribute("x", across(map, x));
      text.setAttribute("y", down(map, y));
    }
  }

  function paint(map) {
    const { canvas, svg, chosen } = map;
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = svg;
    if (!width) return;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    const brush = canvas.getContext("2d");
    brush.setTransform(wide / WIDTH, 0, 0, high / HEIGHT, 0, 0);
    brush.clearRect(0, 0, WIDTH, HEIGHT);
    const keys = map.labels.map(({ button }) => getComputedStyle(button.querySelector(".fn-map-key")).backgroundColor);
    const size = radius(map);
    const calm = chosen.size ? 0.16 : map.lit.length ? 0.28 : map.points.length > 2500 ? 0.55 : 0.7;
    brush.strokeStyle = getComputedStyle(map.figure).color;
    brush.lineWidth = size / 4;
    for (const strong of [false, true]) {
      for (const point of map.points) {
        if (point.circle || chosen.has(point.id) !== strong) continue;
        const [x, y] = [across(map, point.x), down(map, point.y)];
        if (x < -9 || y < -9 || x > WIDTH + 9 || y > HEIGHT + 9) continue;
        brush.globalAlpha = strong ? 1 : calm;
        brush.fillStyle = keys[point.cluster] ?? keys[0];
        brush.beginPath();
        brush.arc(x, y, size, 0, 7);
        brush.fill();
        if (strong) brush.stroke();
      }
    }
  }

  // What is seen

  function look(map, k, x, y) {
    const view = map.view;
    const closer = Math.min(CLOSEST, Math.max(1, k));
    // The place stays under the hand.
    const left = x - ((x - view.left) * view.k) / closer, top = y - ((y - view.top) * view.k) / closer;
    move(map, closer, left, top);
  }

  function move(map, wanted, left, top) {
    const k = Math.min(CLOSEST, Math.max(1, wanted));
    const bounded = (value, size) => Math.min(Math.max(0, value), size - size / k);
    const next = { k, left: bounded(left, WIDTH), top: bounded(top, HEIGHT) };
    if (next.k === map.view.k && next.left === map.view.left && next.top === map.view.top) return false;
    map.view = next;
    const [whole, out, closer] = ["whole", "out", "in"].map((to) => map.figure.querySelector(`[data-zoom=${to}]`));
    // A button that is disabled would lose the focus of whoever presses it once more.
    for (const button of [whole, out]) button.setAttribute("aria-disabled", String(k === 1));
    closer.setAttribute("aria-disabled", String(k === CLOSEST));
    draw(map);
    if (map.sampled) refill(map);
    return true;
  }

  // So that the paper in focus is seen.
  function follow(map, { x, y }) {
    const { k, left, top } = map.view;
    const inside = x >= left && x <= left + WIDTH / k && y >= top && y <= top + HEIGHT / k;
    if (!inside) move(map, k, x - WIDTH / k / 2, y - HEIGHT / k / 2);
  }

  // The dots of a part are asked for once the hand rests; the last part counts.
  function refill(map) {
    clearTimeout(map.waiting);
    const view = map.view;
    if (view.k === 1) {
      return take(map, map.whole);
    }
    map.waiting = setTimeout(async () => {
      const sides = [view.left, view.top, view.left + WIDTH / view.k, view.top + HEIGHT / view.k];
      const box = sides.map((side) => side.toFixed(1)).join(" ");
      const reply = await page.call?.("map-dots", { revision: map.figure.dataset.revision, box });
      if (map.view !== view) return;
      if (reply?.dots != null) take(map, parse(map, reply.dots));
    }, 150);
  }

  const makeAll = () => document.querySelectorAll(".fn-map").forEach(mapOf);
  document.addEventListener("footnote:filled", makeAll);
  document.addEventListener("DOMContentLoaded", makeAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    document.querySelectorAll(".fn-map").forEach((figure) => draw(mapOf(figure)));
  });

  Object.assign(page, { chart: { WIDTH, HEIGHT, CLOSEST, mapOf, raise, lower, show, draw, look, move, follow, across, down } });
})();
