/* Where a reader is: the conversation or a room, the list of conversations, one opened or begun. */
(() => {
  "use strict";
  const page = window.footnote;
  const { me } = page;
  const byId = (id) => document.getElementById(id);

  let left = 0; // where the conversation stood when it was left for a room

  // With ``filled`` false whoever enters it fills it.
  function enter(room, place = null, filled = true) {
    const away = document.body.classList.contains("fn-away");
    if (!away) left = window.scrollY;
    if (away || room !== "ask") page.close();
    document.querySelectorAll(".fn-place").forEach((button) => {
      if (button.dataset.room === room) button.setAttribute("aria-current", "page");
      else button.removeAttribute("aria-current");
    });
    document.querySelectorAll(".fn-room").forEach((one) => (one.hidden = one.id !== `fn-room-${room}`));
    document.body.classList.toggle("fn-away", room !== "ask");
    draw(false);
    page.track({ entered: room });
    if (room === "ask") return away && window.scrollTo({ top: left });
    window.scrollTo({ top: 0 });
    if (!filled) return;
    // A room that holds a reader's own work is filled once.
    if (byId(`fn-room-${room}`).querySelector("[data-once]")) return entered(room);
    const last = [...document.querySelectorAll(".fn-turn[data-place]")].pop();
    page.call(room, { place: place ?? last?.dataset.place ?? null }, true).then(() => entered(room));
  }

  const entered = (room) => document.dispatchEvent(new CustomEvent("footnote:entered", { detail: { room } }));

  function draw(open) {
    document.body.classList.toggle("fn-drawn", open);
    byId("fn-drawer").setAttribute("aria-expanded", String(open));
  }

  // Opens a conversation, or a new one where there is no id.
  function turnTo(id) {
    page.disregard("open");
    if (id) return page.call("open", { id });
    page.clear();
    page.begin();
    return page.call("talks");
  }

  async function startAnew(button) {
    const asked = "ask" in button.dataset && me.records.length;
    if (asked && !(await page.confirm("clear"))) return;
    turnTo(null);
    enter("ask");
    document.querySelector("#fn-question textarea")?.focus();
  }

  Object.assign(page, { enter, draw, turnTo, startAnew });
})();
