/* Several libraries on one server: the address names the one that is open, and so does every call. */
(() => {
  "use strict";
  const page = window.footnote;

  document.addEventListener("change", (event) => {
    const choice = event.target.closest("[data-library]");
    if (!choice) return;
    event.stopPropagation(); // it stands in the form of the filters, and is none
    // All that stands on the page is of the other one.
    const address = new URL(document.baseURI);
    address.search = new URLSearchParams({ library: choice.value });
    address.hash = page.room === "ask" ? "" : page.room;
    location.assign(address);
  }, true);
})();
