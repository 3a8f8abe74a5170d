/* A long question: its heading ends in dots after some lines, and a button under it shows the rest.
 *
 * Whether it is cut depends on the width. Frames draw a turn anew; what a reader unfolded is kept at the
 * turn itself, which stays.
 */
(() => {
  "use strict";
  const page = window.footnote;

  function fold(turn) {
    const [heading, button] = [turn.querySelector(".fn-asked"), turn.querySelector(".fn-unfold")];
    if (!heading || !button) return;
    const open = turn.classList.contains("fn-unfolded");
    // An open one is measured as if it were not; a pixel is the browser's rounding.
    turn.classList.remove("fn-unfolded");
    const cut = heading.scrollHeight > heading.clientHeight + 1;
    turn.classList.toggle("fn-cut", cut);
    turn.classList.toggle("fn-unfolded", cut && open);
    button.setAttribute("aria-expanded", String(cut && open));
    button.textContent = cut && open ? "Show less" : "Show the whole question";
  }

  const foldAll = () => document.querySelectorAll(".fn-turn").forEach(fold);
  window.addEventListener("resize", foldAll);
  document.fonts.ready.then(foldAll);

  document.addEventListener("click", (event) => {
    const turn = event.target.closest(".fn-unfold")?.closest(".fn-turn");
    if (!turn) return;
    turn.classList.toggle("fn-unfolded");
    fold(turn);
  });

  Object.assign(page, { fold });
})();
