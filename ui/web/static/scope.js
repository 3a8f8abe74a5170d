/* What is searched: the filters, the papers that are chosen alone, and the panel that shows both.
 *
 * The panel stands beside an empty conversation. Once there are answers it is opened from the
 * composer: it takes the place of the sources, or comes up from below on a narrow screen.
 */
(() => {
  "use strict";
  const page = window.footnote;
  const { me, kept } = page;
  const byId = (id) => document.getElementById(id);

  function setScope(wanted) {
    // What the server let go comes back as null.
    const scope = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value != null));
    me.scope = scope;
    const narrow = Object.values(scope).some((value) => (Array.isArray(value) ? value.length : value));
    byId("fn-extent")?.classList.toggle("fn-narrowed", narrow);
    kept.write("scope", scope);
  }

  function readScope(form) {
    const scope = { papers: me.scope.papers ?? [] };
    for (const name of ["venue", "source", "author", "within"]) {
      const value = form.elements[name]?.value.trim();
      if (value) scope[name] = value;
    }
    const { since, until } = form.elements;
    if (since) {
      const [low, high] = [Number(since.value), Number(until.value)].sort((a, b) => a - b);
      if (low > Number(since.min)) scope.since = low;
      if (high < Number(until.max)) scope.until = high;
    }
    search(scope);
  }

  function search(scope) {
    setScope(scope);
    return page.call("scope");
  }

  function pin(papers) {
    search({ ...me.scope, papers });
    page.enter("ask");
    document.querySelector("#fn-question textarea")?.focus();
  }

  // The button that was pressed goes with what it took off.
  async function letGo(button, scope) {
    await search(scope);
    if (button.offsetParent || ![button, document.body].includes(document.activeElement)) return;
    const within = isOpen() && byId("fn-library").querySelector(".fn-close");
    (within || byId("fn-extent")).focus();
  }

  // The panel

  const isOpen = () => document.body.classList.contains("fn-scoping");

  function openFilters(open) {
    if (open) page.close();
    document.body.classList.toggle("fn-scoping", open);
    byId("fn-extent")?.setAttribute("aria-expanded", String(open));
    if (open) byId("fn-library").querySelector("input, select, .fn-close")?.focus();
  }

  function closeFilters() {
    if (!isOpen()) return;
    const within = byId("fn-library").contains(document.activeElement);
    openFilters(false);
    if (within) byId("fn-extent").focus();
  }

  // A press that began in the panel, as with a slider, is none outside it.
  let pressed = null;
  document.addEventListener("pointerdown", (event) => (pressed = event.target), true);

  document.addEventListener("click", (event) => {
    const own = (element) => element instanceof Element && element.closest("#fn-library, #fn-extent, #fn-whole");
    if (isOpen() && !own(event.target) && !own(pressed)) openFilters(false);
    pressed = null; // a press of a key has no place
    const button = event.target.closest("button");
    if (!button) return;
    const { pin: pinned, unpin } = button.dataset;
    if (button.id === "fn-extent") openFilters(!isOpen());
    else if (button.matches("#fn-library .fn-close")) closeFilters();
    else if ("chosen" in button.dataset) pin(chosen);
    else if (pinned != null) pin([pinned]);
    else if ("unscope" in button.dataset) letGo(button, { papers: [] });
    else if (unpin != null) letGo(button, { ...me.scope, papers: unpin ? me.scope.papers.filter((paper) => paper !== unpin) : [] });
  });

  // What is open above it closes first.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) closeFilters();
  });

  // A dragged slider shows its years at once and searches when it is let go.
  document.addEventListener("input", (event) => {
    const field = event.target.closest(".fn-years");
    if (!field) return;
    const [low, high] = [...field.querySelectorAll("input")].map((range) => Number(range.value)).sort((a, b) => a - b);
    field.querySelector("output").textContent = `${low}–${high}`;
    field.querySelectorAll("rect").forEach((bar) => bar.classList.toggle("fn-within", bar.dataset.year >= low && bar.dataset.year <= high));
  });

  // What is chosen on the map is searched once the reader says so.
  let chosen = [];
  document.addEventListener("footnote:scope", (event) => {
    chosen = event.detail.papers;
    const line = document.querySelector(".fn-map-ask");
    if (!line) return;
    line.hidden = !chosen.length;
    line.firstElementChild.textContent = chosen.length === 1 ? "Ask only this paper" : `Ask only these ${chosen.length.toLocaleString("en")} papers`;
  });

  Object.assign(page, { setScope, readScope, pin, closeFilters });
})();
