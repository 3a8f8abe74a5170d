/* What was just done, in a line that goes again; and what is copied. */
(() => {
  "use strict";
  const page = window.footnote;
  const byId = (id) => document.getElementById(id);

  let fading = 0;
  function toast(text, bad = false) {
    const line = byId("fn-toast");
    line.textContent = text;
    line.className = bad ? "fn-shown fn-bad" : "fn-shown";
    clearTimeout(fading);
    fading = setTimeout(() => (line.className = ""), bad ? 8000 : 4000);
  }

  async function copy(text, said = "Copied.") {
    try {
      await navigator.clipboard.writeText(text);
      toast(said.endsWith(": ") ? said + text : said);
    } catch {
      // Not over plain HTTP from elsewhere: the text can still be taken by hand.
      toast(text);
    }
  }

  Object.assign(page, { toast, copy });
})();
