/* The room of the model: a trial that takes a while, a name picked from what an endpoint offers, and
 * the one line that says how to add a model, until it has been read.
 */
(() => {
  "use strict";
  const page = window.footnote;
  const { kept } = page;

  // A trial takes seconds: it is told that it runs, and runs once at a time.
  async function tryOut(button) {
    if (button.ariaDisabled === "true") return;
    const shown = document.getElementById("fn-model-tried");
    shown.textContent = "Trying…";
    button.ariaDisabled = "true";
    const reply = await page.call("model-try", Object.fromEntries(new FormData(button.form)));
    button.ariaDisabled = null;
    if (!reply?.html) shown.textContent = "";
  }

  document.addEventListener("change", (event) => {
    const picked = event.target.closest("[data-into]");
    if (picked?.value) picked.form.elements[picked.dataset.into].value = picked.value;
  });

  // Said once: it goes when it is dismissed, followed, or a question was answered without a model.
  function read() {
    const tip = document.querySelector("#fn-tip .fn-tip");
    if (!tip) return;
    kept.write("told-model", true);
    tip.remove();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && "dismiss" in button.dataset) read();
    if (button && "try" in button.dataset) tryOut(button);
  });
  document.addEventListener("footnote:answered", (event) => event.detail?.again === false && read());
  document.addEventListener("footnote:entered", (event) => {
    if (event.detail.room === "model") read();
  });

  // What the server has drawn anew.
  document.addEventListener("footnote:filled", () => {
    page.offer();
    if (kept.read("told-model") === true) document.querySelector("#fn-tip .fn-tip")?.remove();
  });
})();
