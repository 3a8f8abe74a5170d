/* An answer in the making: of each frame only what differs is put in its place, so that what a reader
 * has opened, focused or selected stays, also when the answer is whole. The HTML of a frame was made
 * safe by ui/rendering/answer.py; this file makes none of its own.
 */
(() => {
  "use strict";
  const page = window.footnote;
  const cards = () => document.getElementById("fn-cards");

  function read(html) {
    const made = document.createElement("template");
    made.innerHTML = html;
    return made.content;
  }

  // The list of what is read, and cards, come only where they have changed.
  function grow(turn, frame) {
    turn.reads = frame.reads || turn.reads || "";
    morph(turn, read(frame.html + turn.reads));
    for (const card of [...read(frame.cards ?? "").children]) {
      const old = document.getElementById(card.id);
      if (!old) cards().append(card);
      // The rest of a card may be in use: its menu, what resembles it.
      else for (const part of [".fn-kicker", ".fn-abstract"]) morph(old.querySelector(part), card.querySelector(part));
    }
    page.mark();
  }

  // Gives one element the content of another, and leaves alone what is the same.
  function morph(old, fresh) {
    const [had, has] = [[...old.childNodes], [...fresh.childNodes]];
    has.forEach((node, at) => {
      const one = had[at];
      if (!one) old.append(node);
      else if (one.nodeName !== node.nodeName) one.replaceWith(node);
      else if (one.nodeType === Node.ELEMENT_NODE) change(one, node);
      else if (one.data !== node.data) one.data = node.data;
    });
    had.slice(has.length).forEach((node) => node.remove());
  }

  function change(one, node) {
    if (one.isEqualNode(node)) return;
    // Whether a source is open, its reader says and no frame.
    const own = (name) => name === "aria-expanded" && one === page.opener;
    for (const { name, value } of node.attributes) if (!own(name) && one.getAttribute(name) !== value) one.setAttribute(name, value);
    for (const { name } of [...one.attributes]) if (!node.hasAttribute(name)) one.removeAttribute(name);
    morph(one, node);
  }

  // The whole answer, whose page does not grow shorter under its reader.
  function settle(turn, frame) {
    const height = turn.reads ? turn.offsetHeight : 0;
    const own = [...document.querySelectorAll(`.fn-card[id^="t${frame.turn}-"]`)];
    const open = turn.contains(page.opener) ? own.find((card) => !card.hidden) : null;
    const focused = turn.contains(document.activeElement) ? document.activeElement : null;
    const unfolding = focused?.matches(".fn-unfold");
    const [was, focus] = [open && placeOf(turn, page.opener), focused?.dataset.card && placeOf(turn, focused)];
    const paper = (id) => own.find((card) => card.id === id)?.dataset.of;
    const fresh = [...read(frame.cards ?? "").children];
    const of = (name) => fresh.find((card) => name && card.dataset.of === name);
    turn.innerHTML = frame.html;
    if (turn.offsetHeight < height) turn.style.minHeight = `${height}px`;
    if (unfolding) turn.querySelector(".fn-unfold").focus({ preventScroll: true });
    if (focus) button(turn, of(paper(focus.card)), focus)?.focus({ preventScroll: true });
    if (!fresh.length) return;
    own.forEach((card) => card === open || card.remove());
    cards().append(...fresh);
    if (open) goOn(turn, open, of(open.dataset.of), was);
  }

  // An open source is read on in the card that the whole answer has of it.
  function goOn(turn, open, card, was) {
    if (!card) return;
    const [at, within] = [open.scrollTop, open.contains(document.activeElement)];
    const own = button(turn, card, was);
    open.remove();
    card.hidden = false;
    page.opener = own ?? page.opener;
    page.opener.setAttribute("aria-expanded", "true");
    page.mark();
    if (within) card.focus({ preventScroll: true });
    card.scrollTop = at;
  }

  // Which of the buttons that open the same quotes of a card one is.
  function placeOf(turn, own) {
    const { dataset: { card, quotes }, className } = own;
    return { card, quotes, className, at: alike(turn, card, quotes, className).indexOf(own) };
  }

  const alike = (turn, card, quotes, kind) =>
    [...turn.querySelectorAll(`[data-card="${card}"]`)].filter((one) => one.dataset.quotes === quotes && one.className === kind);

  function button(turn, card, { quotes, className, at }) {
    if (!card) return null;
    const all = [...turn.querySelectorAll(`[data-card="${card.id}"]`)];
    return alike(turn, card.id, quotes, className)[at] ?? all.find((one) => one.className === className) ?? all[0];
  }

  Object.assign(page, { grow, settle });
})();
