/* Who is signed in: what they may do, and their way out. */
(() => {
  "use strict";
  const page = window.footnote;
  const { kept } = page;

  // What another user of this browser kept in it is not shown to the next one.
  function signed({ id, role }) {
    document.body.dataset.role = role;
    const before = kept.read("account");
    kept.write("account", id);
    if (before === null || before === id) return;
    forget();
    kept.write("account", id);
    location.replace(document.baseURI);
  }

  function forget() {
    try {
      Object.keys(localStorage).filter((name) => name.startsWith("footnote-")).forEach((name) => localStorage.removeItem(name));
    } catch { /* Storage may be forbidden: then nothing was kept. */ }
  }

  async function leave() {
    try {
      const reply = await fetch(new URL("sign-out", document.baseURI), { method: "POST", redirect: "manual" });
      if (!reply.ok && reply.type !== "opaqueredirect") throw new Error(reply.statusText);
    } catch {
      return page.toast("The server does not respond; you are still signed in.", true);
    }
    forget();
    location.replace(new URL("sign-in", document.baseURI));
  }

  // A sign-in may end while the page is open; whatever fails next leads to the next one.
  async function ended() {
    if (!document.body.dataset.role) return;
    try {
      const reply = await fetch(new URL("account", document.baseURI), { method: "HEAD", redirect: "manual" });
      if (reply.status === 401 || reply.type === "opaqueredirect") {
        location.replace(new URL("sign-in", document.baseURI));
      }
    } catch { /* The server is gone, which is told already. */ }
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-sign-out]")) leave();
  });
  Object.assign(page, { signed, ended });
})();
