/* A quote at its marker: while it is pointed at or has the focus from the keyboard, without opening
 * its source. The words are those marked in the source's card, put up as text.
 */
(() => {
  "use strict";
  const LONGEST = 420; // characters; the source itself has the rest
  let waiting = 0, shown = null;

  function box() {
    let peek = document.getElementById("fn-peek");
    if (!peek) {
      peek = Object.assign(document.createElement("div"), { id: "fn-peek", hidden: true });
      peek.setAttribute("aria-hidden", "true"); // a screen reader has the marker's own name
      peek.append(document.createElement("p"), document.createElement("p"));
      document.querySelector(".gradio-container").append(peek);
    }
    return peek;
  }

  function quoteOf(marker) {
    const card = document.getElementById(marker.dataset.card);
    if (!card || !card.hidden) return null;
    const quotes = (marker.dataset.quotes ?? "").split(" ");
    const marks = [...card.querySelectorAll("mark")].filter((one) => one.dataset.quotes.split(" ").some((name) => quotes.includes(name)));
    const words = marks.map((one) => one.textContent).join(" ").replace(/\s+/g, " ").trim();
    return words && { words, title: card.querySelector("h3").textContent };
  }

  function show(marker) {
    const quote = quoteOf(marker);
    if (!quote) return hide();
    const peek = box(), [words, title] = peek.children;
    shown = marker;
    words.textContent = quote.words.length > LONGEST ? `“${quote.words.slice(0, LONGEST)} …”` : `“${quote.words}”`;
    title.textContent = quote.title;
    peek.hidden = false;
    const at = marker.getBoundingClientRect(), { width, height } = peek.getBoundingClientRect();
    const below = at.bottom + 8 + height < window.innerHeight;
    peek.style.left = `${Math.max(16, Math.min(at.left, window.innerWidth - width - 16))}px`;
    peek.style.top = `${below ? at.bottom + 8 : Math.max(8, at.top - height - 8)}px`;
  }

  function hide() {
    clearTimeout(waiting);
    shown = null;
    const peek = document.getElementById("fn-peek");
    if (peek) peek.hidden = true;
  }

  const markerAt = (event) => event.target.closest?.("button.fn-marker[data-card]");

  document.addEventListener("pointerover", (event) => {
    const marker = event.pointerType === "touch" ? null : markerAt(event);
    if (marker === shown) return;
    hide();
    if (marker) waiting = setTimeout(show, 150, marker);
  });
  document.addEventListener("focusin", (event) => {
    const marker = markerAt(event);
    if (marker?.matches(":focus-visible")) show(marker);
    else hide();
  });
  document.addEventListener("focusout", hide);
  document.addEventListener("click", hide, true);
  document.addEventListener("scroll", hide, { capture: true, passive: true });
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
})();
