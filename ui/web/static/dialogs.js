/* The one dialog: asked before something is taken away, and what holds a link that was made. What it
 * says came from the server (ui/web/handlers), as HTML that was made safe there; this file makes none. */
(() => {
  "use strict";
  const page = window.footnote;
  const SETTLED = 500; // ms: the second click of a double click says yes to nothing
  const box = () => document.getElementById("fn-dialog");
  let fetching = false, last = Promise.resolve(false);

  // Whether the reader said yes; Cancel, Escape and a second question say no.
  async function confirm(about, args = {}) {
    if (fetching || box().open) return false;
    fetching = true;
    try {
      await last; // one that closed a moment ago is told of a little later
      const reply = await page.call("confirm", { ...args, about });
      if (!reply?.dialog) return false;
      last = answer(reply.dialog);
    } finally {
      fetching = false;
    }
    return last;
  }

  // A link stays in view until the dialog is closed; one press copies it.
  async function handOver(html, address) {
    await last;
    if (box().open) return;
    last = answer(html);
    const [field, link] = [box().querySelector("input"), box().querySelector("a")];
    field.value = link.href = address;
    field.onfocus = () => field.select();
    if (await last) page.copy(address, "Link copied.");
  }

  function answer(html) {
    const dialog = box();
    dialog.innerHTML = html;
    dialog.returnValue = "";
    dialog.showModal();
    dialog.querySelector("[data-cancel]").focus();
    const shown = performance.now();
    dialog.onclick = (event) => {
      event.stopPropagation();
      const other = event.target.closest("[data-instead]");
      if (other) {
        const [instead] = dialog.querySelector("input").value.split("/").slice(-1);
        dialog.close();
        page.call(other.dataset.instead, { id: other.dataset.id, members: 1, instead });
      } else if (event.target.closest("[data-cancel]")) dialog.close();
      else if (event.target.closest("[data-confirm]") && performance.now() - shown > SETTLED) dialog.close("yes");
    };
    // What the page does on a key, it does not do behind the dialog; Tab stays within.
    dialog.onkeydown = (event) => {
      event.stopPropagation();
      if (event.key !== "Tab") return;
      event.preventDefault();
      const buttons = [...dialog.querySelectorAll("button, input, a")];
      const at = buttons.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1);
      buttons[(at + buttons.length) % buttons.length].focus();
    };
    return new Promise((told) => {
      dialog.onclose = () => {
        told(dialog.returnValue === "yes");
        dialog.replaceChildren();
      };
    });
  }

  // An answer is asked for anew in its place; what came after it goes.
  async function again(button, next, question = null) {
    if (document.body.classList.contains("fn-busy")) return;
    const turn = button.closest(".fn-turn");
    const place = Number(turn.dataset.place || 0);
    const after = place ? [...document.querySelectorAll(".fn-turn")].filter((one) => one.dataset.place > place).length : 0;
    if (after && !(await confirm("again", { after }))) return;
    const asked = question ?? turn.querySelector(".fn-asked").textContent;
    if (!place) turn.remove();
    page.plan({ ...(place ? { kept: place - 1 } : {}), ...next });
    page.submit(asked);
  }

  Object.assign(page, { confirm, again, handOver });
})();
