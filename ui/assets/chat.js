/* Puts frames from the server in their place, and opens sources.
 *
 * A turn is written once and then left alone, so that nothing a reader opened, selected or
 * focused in an earlier answer is lost when a new one comes. The HTML in a frame was made
 * safe by ui/render.py; this file makes none of its own.
 */
(() => {
  "use strict";
  let opener = null; // the button whose source is open
  const byId = (id) => document.getElementById(id);
  const setBusy = (busy) => document.body.classList.toggle("fn-busy", busy);
  const composer = () => document.querySelector("#fn-question textarea");

  function receive(frame) {
    if (!frame) return;
    if (frame.state === "hint") return hint("Type a question first.");
    if (frame.state === "stopped") return stop();
    if (frame.state === "cleared") return clear();
    hint("");
    show(frame);
  }

  function show(frame) {
    let turn = byId(`fn-turn-${frame.turn}`);
    if (!turn) {
      close();
      turn = document.createElement("article");
      turn.id = `fn-turn-${frame.turn}`;
      turn.className = "fn-turn";
      byId("fn-turns").append(turn);
      document.body.classList.add("fn-talking");
    }
    const busy = frame.state === "busy";
    if (busy && turn.dataset.state === "stopped") return; // was on its way when Stop was pressed
    // A screen reader speaks a busy region when it has settled, once and whole.
    turn.setAttribute("aria-busy", String(busy));
    turn.innerHTML = frame.html;
    if (frame.cards) byId("fn-cards").insertAdjacentHTML("beforeend", frame.cards);
    if (!turn.dataset.state) turn.scrollIntoView({ block: "start", behavior: motion() });
    turn.dataset.state = frame.state;
    setBusy(busy);
  }

  function stop() {
    setBusy(false);
    const turn = document.querySelector('.fn-turn[data-state="busy"]');
    if (!turn) return;
    turn.dataset.state = "stopped";
    turn.setAttribute("aria-busy", "false");
    turn.querySelectorAll(".fn-stage").forEach((stage) => stage.remove());
    const note = document.createElement("p");
    note.className = "fn-stopped";
    note.textContent = "Stopped. What stands here was not checked.";
    turn.querySelector(".fn-body").append(note);
    composer()?.focus();
  }

  function clear() {
    setBusy(false);
    close();
    byId("fn-turns").replaceChildren();
    byId("fn-cards").replaceChildren();
    document.body.classList.remove("fn-talking");
    hint("");
    window.scrollTo({ top: 0 });
    composer()?.focus();
  }

  function hint(text) {
    byId("fn-hint").textContent = text;
  }

  function motion() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  }

  function open(button) {
    const card = byId(button.dataset.card);
    if (!card) return;
    close();
    opener = button;
    document.body.classList.add("fn-reading");
    button.setAttribute("aria-expanded", "true");
    card.hidden = false;
    const wanted = button.dataset.quotes.split(" ");
    card.querySelectorAll("mark").forEach((mark) => {
      const named = mark.dataset.quotes.split(" ").some((quote) => wanted.includes(quote));
      mark.classList.toggle("fn-quoted", named);
    });
    card.scrollTop = 0;
    card.focus({ preventScroll: true });
    reveal(card, card.querySelector("mark.fn-quoted"));
    uncover(button, card);
  }

  // Scrolls the card alone: scrollIntoView would move the conversation as well.
  function reveal(card, mark) {
    if (!mark) return;
    const below = mark.getBoundingClientRect().bottom - card.getBoundingClientRect().bottom;
    if (below > -24) {
      const above = mark.getBoundingClientRect().top - card.getBoundingClientRect().top;
      card.scrollTop = above - card.clientHeight / 3;
    }
  }

  // On a narrow screen the card comes up from below: keep the opened sentence above it.
  function uncover(button, card) {
    if (getComputedStyle(card).position !== "fixed") return;
    const hidden = button.getBoundingClientRect().bottom + 24 - card.getBoundingClientRect().top;
    if (hidden > 0) window.scrollBy({ top: hidden, behavior: motion() });
  }

  function close() {
    document.querySelectorAll(".fn-card:not([hidden])").forEach((card) => (card.hidden = true));
    document.body.classList.remove("fn-reading");
    opener?.setAttribute("aria-expanded", "false");
    const back = opener;
    opener = null;
    return back;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-card]");
    if (button) {
      if (button === opener) close().focus();
      else open(button);
    } else if (event.target.closest(".fn-close")) {
      close()?.focus();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && opener) {
      event.preventDefault();
      close().focus();
    }
  });

  window.footnote = { receive };
})();
