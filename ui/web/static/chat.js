/* The conversation: puts frames from the server in their place, and opens sources. asking.js gets them.
 *
 * A turn is written once and then left alone, so that nothing a reader opened, selected or
 * focused in an earlier answer is lost when a new one comes. The HTML in a frame was made
 * safe by ui/rendering/answer.py; this file makes none of its own. What a question is asked in (who asks,
 * in which conversation, within which scope) is kept here and sent with it.
 */
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const composer = () => document.querySelector("#fn-question textarea");
  const setBusy = (busy) => document.body.classList.toggle("fn-busy", busy);

  // Of several libraries on one server, the one that is open; "" is the first.
  const library = new URLSearchParams(location.search).get("library") ?? "";
  // What is kept of each library apart.
  const APART = new Set(["conversation", "records", "scope", "check", "table"]);
  const key = (name) => `footnote-${name}${library && APART.has(name) ? `@${library}` : ""}`;

  // Storage may be forbidden; then a reload forgets, and nothing else is lost.
  const kept = {
    read(name) {
      try { return JSON.parse(localStorage.getItem(key(name))); } catch { return null; }
    },
    write(name, value) {
      try { localStorage.setItem(key(name), JSON.stringify(value)); } catch { /* as above */ }
    },
  };

  const me = {
    user: kept.read("user") ?? crypto.getRandomValues(new Uint32Array(4)).reduce((a, n) => a + n.toString(36).padStart(7, "0"), ""),
    conversation: kept.read("conversation"),
    records: kept.read("records") ?? [],
    scope: kept.read("scope") ?? {},
    composer: null, // who writes, if a reader chose
    asked: 0, // questions on the page
    next: {}, // what the next question alone is asked with: kept, ignored
  };
  kept.write("user", me.user);

  function who() {
    const choice = document.querySelector("#fn-composer-choice select");
    return {
      library, user: me.user, conversation: me.conversation ?? "", scope: me.scope,
      composer: choice?.value ?? "", records: me.records, thorough: thorough()?.checked ?? false,
    };
  }

  // The choice of a literature review, where the one who writes can make one.
  function thorough() {
    const box = document.querySelector("#fn-thorough input");
    return box && !box.closest("label").hidden ? box : null;
  }

  function offer() {
    const writer = document.querySelector("#fn-composer-choice select");
    const same = [...(writer?.options ?? [])].find((one) => one.value === me.composer);
    if (same) same.selected = true;
    const box = document.querySelector("#fn-thorough input");
    if (!box) return false;
    const own = kept.read("thorough"); // otherwise as the server has it
    if (own !== null) box.checked = own === true;
    const chosen = writer?.selectedOptions[0];
    box.closest("label").hidden = Boolean(chosen) && !("reviews" in chosen.dataset);
    return box;
  }

  document.addEventListener("change", (event) => {
    if (event.target.closest("#fn-composer-choice")) { me.composer = event.target.value; offer(); }
    if (event.target.closest("#fn-thorough")) kept.write("thorough", event.target.checked);
  });

  // Who can write is told anew as another model is chosen; whom a reader chose stays, if still there.
  document.addEventListener("footnote:filled", offer);

  function show(frame) {
    let turn = byId(`fn-turn-${frame.turn}`);
    if (!turn) {
      close();
      turn = document.createElement("article");
      turn.id = `fn-turn-${frame.turn}`;
      turn.className = "fn-turn";
      turn.ignored = me.pending ?? [];
      document.querySelectorAll(".fn-turn").forEach((one) => (one.style.minHeight = ""));
      // Before the new question is brought to the top: what goes above it would move it.
      document.querySelectorAll(".fn-next").forEach((one) => one.replaceChildren());
      byId("fn-turns").append(turn);
      document.body.classList.add("fn-talking");
    }
    const busy = frame.state === "busy";
    // A screen reader speaks a busy region when it has settled, once and whole.
    turn.setAttribute("aria-busy", String(busy));
    const stands = busy && frame.place;
    if (busy && !stands) window.footnote.grow(turn, frame);
    else if (turn.shown !== frame.html) window.footnote.settle(turn, frame);
    turn.shown = frame.html;
    window.footnote.fold(turn);
    const below = turn.querySelector(".fn-below");
    if (below && below.innerHTML !== frame.stage) below.innerHTML = frame.stage;
    turn.standing = stands ? frame : null;
    if (!turn.dataset.state) turn.scrollIntoView({ block: "start", behavior: motion() });
    turn.dataset.state = frame.state;
    if (frame.state === "done") settled(turn, frame);
    setBusy(busy);
  }

  function settled(turn, frame) {
    turn.dataset.place = frame.place;
    if (frame.record) {
      me.records = [...me.records.slice(0, frame.place - 1), frame.record];
      kept.write("records", me.records);
    }
    if (frame.conversation) {
      me.conversation = frame.conversation;
      kept.write("conversation", me.conversation);
    }
    window.footnote.track();
    account();
    document.dispatchEvent(new CustomEvent("footnote:answered", { detail: { again } }));
  }

  // Tokens and cost of the whole conversation, where a model wrote any of it.
  function account() {
    let tokens = 0, cost = 0, unknown = false;
    for (const receipt of document.querySelectorAll(".fn-receipt")) {
      tokens += Number(receipt.dataset.tokens);
      unknown ||= Number(receipt.dataset.tokens) > 0 && !receipt.dataset.cost;
      cost += Number(receipt.dataset.cost || 0);
    }
    const line = byId("fn-account");
    if (!line) return;
    const price = unknown ? "" : ` · $${cost.toFixed(4)}`;
    line.textContent = tokens ? `Conversation: ${tokens.toLocaleString("en")} tokens${price}` : "";
  }

  function clear() {
    if (document.body.classList.contains("fn-busy")) window.footnote.stop();
    close();
    Object.assign(me, { asked: 0, conversation: null, records: [] });
    kept.write("conversation", null);
    kept.write("records", []);
    byId("fn-turns").replaceChildren();
    document.querySelectorAll('.fn-card:not([id^="check-"])').forEach((card) => card.remove());
    document.body.classList.remove("fn-talking");
    window.footnote.plan({});
    hint("");
    account();
    window.scrollTo({ top: 0 });
  }

  let again = false; // whether answers are shown that were read before
  // A conversation as it was kept; its cards come with its frames.
  function restore(frames, conversation) {
    const records = frames.map((frame) => frame.record).filter(Boolean);
    clear();
    me.conversation = conversation;
    me.asked = frames.length;
    me.records = records;
    kept.write("conversation", conversation);
    kept.write("records", records);
    again = true;
    frames.forEach(show);
    again = false;
    const last = [...document.querySelectorAll(".fn-turn")].pop();
    if (last) last.scrollIntoView({ block: "start" });
  }

  function hint(text) {
    byId("fn-hint").textContent = text;
  }

  function motion() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  }

  function write(text) {
    const field = composer();
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  }

  function open(button) {
    const card = byId(button.dataset.card);
    if (!card) return;
    close();
    opener = button;
    document.body.classList.add("fn-reading");
    button.setAttribute("aria-expanded", "true");
    card.hidden = false;
    document.dispatchEvent(new CustomEvent("footnote:opened", { detail: { card } }));
    mark();
    card.focus({ preventScroll: true });
    reveal(card, card.querySelector("mark.fn-quoted") ?? card.querySelector("mark"));
    uncover(button, card);
  }

  // Of the quotes in the open card those of its button stand out.
  function mark() {
    const quotes = (opener?.dataset.quotes ?? "").split(" ").filter(Boolean);
    for (const one of document.querySelectorAll(".fn-card:not([hidden]) mark")) {
      const own = one.dataset.quotes.split(" ").some((quote) => quotes.includes(quote));
      one.classList.toggle("fn-quoted", own);
    }
  }

  // Scrolls the card, not the page, so that the quote stands in its upper third.
  function reveal(card, mark) {
    card.scrollTop = 0;
    if (!mark) return;
    const below = mark.getBoundingClientRect().bottom - card.getBoundingClientRect().bottom;
    if (below > -24) {
      const above = mark.getBoundingClientRect().top - card.getBoundingClientRect().top;
      card.scrollTop = above - card.clientHeight / 3;
    }
  }

  // On a narrow screen the card comes up from below: keep the opened sentence above it.
  function uncover(button, card) {
    const sheet = card.getBoundingClientRect();
    // Beside it, as in a room, it covers nothing that was pressed.
    if (getComputedStyle(card).position !== "fixed" || sheet.left > button.getBoundingClientRect().left) return;
    const hidden = button.getBoundingClientRect().bottom + 24 - sheet.top;
    if (hidden > 0) window.scrollBy({ top: hidden, behavior: motion() });
  }

  let opener = null; // the button whose source is open
  function close() {
    document.querySelectorAll(".fn-card:not([hidden])").forEach((card) => (card.hidden = true));
    document.body.classList.remove("fn-reading");
    opener?.setAttribute("aria-expanded", "false");
    const back = opener;
    opener = null;
    return back;
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-card]");
    if (button) {
      if (button === opener) return close().focus();
      // A card of a paper that no answer brought is fetched when it is first wanted.
      if (!byId(button.dataset.card) && button.dataset.paper) await window.footnote.fetchCard(button.dataset);
      open(button);
    } else if (event.target.closest(".fn-close")) {
      close()?.focus();
    }
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "Escape" && opener) {
      event.preventDefault();
      close().focus();
    } else if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && composer()?.offsetParent) {
      event.preventDefault();
      composer().focus();
    }
  });

  window.footnote = {
    offer, show, settled, setBusy, hint, restore, clear, write, composer, who, me, kept, open, close, motion, mark, reveal,
    get opener() { return opener; },
    set opener(button) { opener = button; },
  };
})();
