/* Choosing papers of the library, and what a reader writes to one: tags, a note, collections.
 *
 * What is chosen stays chosen while pages are turned and searches change.
 */
(() => {
  "use strict";
  const page = window.footnote;
  const { me } = page;
  const chosen = new Set();

  const picks = () => [...chosen];

  // Brings the boxes and the bar that are shown in line with what is chosen.
  function show() {
    document.querySelectorAll(".fn-pick").forEach((box) => (box.checked = chosen.has(box.value)));
    const bar = document.querySelector(".fn-picked");
    if (!bar) return;
    bar.hidden = !chosen.size;
    bar.querySelector(".fn-count-picked").textContent = `${chosen.size.toLocaleString("en")} chosen`;
  }

  function unpick() {
    chosen.clear();
    show();
  }

  // Searches a collection or a tag alone, from now on.
  function within(key) {
    page.setScope({ ...me.scope, papers: [], within: key });
    page.call("scope");
    page.enter("ask");
    document.querySelector("#fn-question textarea")?.focus();
  }

  document.addEventListener("change", (event) => {
    const box = event.target.closest(".fn-pick");
    if (!box) return;
    if (box.checked) chosen.add(box.value);
    else chosen.delete(box.value);
    show();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("unpick" in button.dataset) unpick();
    else if ("askPicks" in button.dataset) page.pin(picks());
    else if (button.dataset.within) within(button.dataset.within);
  });

  // A card is asked what is written to its paper each time it opens: it may stand elsewhere too.
  document.addEventListener("footnote:opened", (event) => {
    const { card } = event.detail;
    if (card.querySelector(".fn-ownplace")) page.call("own", { paper: card.dataset.of, card: card.id });
  });

  // The list is drawn anew by every reply that has one.
  document.addEventListener("footnote:filled", show);

  Object.assign(page, { picks, unpick });
})();
