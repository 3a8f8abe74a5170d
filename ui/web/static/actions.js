/* What a reader does beside asking: every button and form that names an action (data-do) becomes
 * one call to the server (calls.js), and what it shows of an answer stands in that answer's pane.
 */
(() => {
  "use strict";
  const page = window.footnote;
  const { me } = page;
  const byId = (id) => document.getElementById(id);

  document.addEventListener("footnote:answered", () => {
    page.call("talks");
    leadOn();
  });

  // Only below the last answer; it is asked for once its own question has settled.
  let leading = 0;
  function leadOn() {
    clearTimeout(leading);
    leading = setTimeout(() => {
      const last = [...document.querySelectorAll(".fn-turn[data-place] .fn-next")].pop();
      if (last && !last.childElementCount) page.call("next", argsOf(last));
    }, 150);
  }

  // Buttons and forms

  function argsOf(element) {
    const turn = element.closest(".fn-turn");
    const place = turn?.dataset.place ? { place: Number(turn.dataset.place), turn: Number(turn.id.slice("fn-turn-".length)) } : {};
    const picks = element.closest("[data-picks]") ? { papers: page.picks() } : {};
    const table = element.closest("#fn-table") ? page.tableArgs() : {};
    return { ...place, ...picks, ...table, ...shelf(element), ...JSON.parse(element.dataset.args ?? "{}") };
  }

  // What the library's list shows is drawn anew as it was asked for, after a change to it.
  function shelf(element) {
    const form = byId("fn-browse");
    return form && element.closest("#fn-room-library, #fn-cards") ? Object.fromEntries(new FormData(form)) : {};
  }

  async function act(element, args) {
    const turn = element.closest(".fn-turn");
    const view = turn?.querySelector(".fn-pane");
    const own = element.dataset.do;
    const menu = element.closest(".fn-menu");
    if (view && view.dataset.shown === own) {
      show(turn, view);
      if (menu) page.shut(menu);
      return;
    }
    // The map is a place of its own; what the answer found is lit there.
    if (own === "map" && turn) return page.enter("map", turn.dataset.place);
    // Of two charts that are pressed one after the other the later one stands, whichever is made first.
    if (view && element.hasAttribute("aria-pressed")) view.dataset.wanted = own;
    const reply = await page.call(own, args);
    if (view && reply?.view != null && view.dataset.wanted === own) {
      show(turn, view, own, reply.view);
      uncover(view);
    }
    if (reply?.voted) {
      turn?.querySelectorAll("[data-thumb]").forEach((thumb) => thumb.setAttribute("aria-pressed", String(thumb.dataset.thumb === reply.voted)));
      if (view?.dataset.shown === "doubt") {
        show(turn, view);
        turn.querySelector(`[data-thumb="${reply.voted}"]`)?.focus();
      }
    }
    // What was typed into it is still wanted when it was refused.
    if (menu && !reply?.error) page.shut(menu);
  }

  // One thing stands in an answer's pane, in place of what stood there; without a name, nothing.
  function show(turn, view, name = "", html = "") {
    view.innerHTML = html;
    view.dataset.shown = name;
    turn.querySelectorAll(".fn-tools [data-do][aria-pressed]:not([data-thumb])").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.do === name)));
  }

  // What opens behind the composer is brought up; what can be seen already stays.
  function uncover(view) {
    const edge = byId("fn-composer").getBoundingClientRect().top;
    const { top, bottom } = view.getBoundingClientRect();
    if (bottom > edge) window.scrollBy({ top: Math.min(bottom - edge + 16, top - edge / 4), behavior: page.motion() });
  }

  // What takes something away is asked first, in a dialog (dialogs.js).
  async function press(button) {
    const args = argsOf(button);
    if (!("ask" in button.dataset) || (await page.confirm(button.dataset.do, args))) act(button, args);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button, summary");
    // What was pressed may have been drawn anew since.
    if (event.target.isConnected && !event.target.closest("#fn-talks, #fn-drawer")) page.draw(false);
    document.querySelectorAll("details.fn-menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    });
    if (!button) return;
    // What is chosen from a menu closes it; an action does so once it is done.
    if (button.type === "button" && !button.dataset.do) button.closest(".fn-menu")?.removeAttribute("open");
    const { room, ignore, say } = button.dataset;
    const turn = button.closest(".fn-turn");
    if (room) page.enter(room);
    else if (say) page.submit(say);
    else if (button.id === "fn-clear") page.startAnew(button);
    else if (button.id === "fn-drawer") page.draw(!document.body.classList.contains("fn-drawn"));
    else if (ignore) page.again(button, { ignored: [...turn.ignored, ignore] });
    else if ("retry" in button.dataset) page.again(button, { ignored: turn.ignored });
    else if ("edit" in button.dataset) {
      page.write(turn.querySelector(".fn-asked").textContent);
      page.plan({ kept: Number(turn.dataset.place) - 1 }, "Asking again replaces this answer and everything after it.");
    }
    else if (button.dataset.do && button.type !== "submit") press(button);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") page.draw(false);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-do]");
    if (!form) return;
    event.preventDefault();
    if (form.dataset.do === "scope") return page.readScope(form);
    act(form, { ...argsOf(form), ...Object.fromEntries(new FormData(form)) });
  });

  let waiting = 0;
  function live(event) {
    // The parts of the library are chosen beside its form.
    const form = event.target.form?.closest("form[data-do]");
    if (!form || !("live" in form.dataset || form.getAttribute("role") === "search")) return;
    if (form.dataset.do === "scope" && event.type === "input") return;
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(), event.type === "change" ? 0 : 250);
  }
  document.addEventListener("input", live);
  document.addEventListener("change", live);
})();
