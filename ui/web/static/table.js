/* The table of papers: which papers and columns, its rows in the order of a column, its files. */
(() => {
  "use strict";
  const page = window.footnote;
  const { kept, me } = page;
  const byId = (id) => document.getElementById(id);
  let source = null; // what the papers are from: an answer's place, a part of the library, or ids
  let filling = null;

  const columns = () => [...new FormData(byId("fn-columns")).getAll("columns")].map((name) => name.trim()).filter(Boolean);

  // ``again`` is after a reload: a table whose papers are gone since is forgotten without a word.
  async function open(from, asked = [], again = false) {
    filling?.abort();
    source = from;
    const { records, ...rest } = source;
    kept.write("table", { source: rest, columns: asked, question: records?.[rest.place - 1]?.question });
    page.enter("table", null, false);
    const own = (filling = new AbortController());
    const reply = await page.call("table-open", { ...source, columns: asked }, false, again);
    if (own.signal.aborted) return;
    if (reply?.error && !reply.gone) kept.write("table", null);
    if (!reply?.table) return;
    const done = await page.watch(reply.table, byId("fn-progress-table"), own.signal);
    if (own.signal.aborted) return;
    byId("fn-progress-table").replaceChildren();
    if (done?.result != null) byId("fn-table").innerHTML = done.result;
    else page.toast(done?.error ?? "The server does not respond; is it still running?", true);
  }

  // Another conversation may be open when the table is filled again: one that the browser alone keeps
  // is taken along, and known again by its question.
  const ofConversation = () => (me.conversation ? { conversation: me.conversation } : { records: me.records });

  // Numbers by size, words by letter; rows that say nothing come last either way.
  function sort(button) {
    const head = button.closest("th");
    const at = [...head.parentElement.children].indexOf(head);
    const down = head.getAttribute("aria-sort") === "ascending";
    head.parentElement.querySelectorAll("th").forEach((one) => one.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = head.closest("table").tBodies[0];
    const told = (row) => row.children[at].innerText.trim().replace(/^–$/, "");
    const order = new Intl.Collator("en", { numeric: true }).compare;
    const rows = [...body.rows].sort((a, b) => {
      const [x, y] = [told(a), told(b)];
      if (!x || !y) return Number(!x) - Number(!y);
      return down ? order(y, x) : order(x, y);
    });
    body.append(...rows);
  }

  // After a reload the last table is filled again.
  document.addEventListener("footnote:entered", (event) => {
    const last = kept.read("table");
    if (event.detail.room !== "table" || source || !last?.source) return;
    const { place, conversation } = last.source;
    const own = place && !conversation;
    if (own && me.records[place - 1]?.question !== last.question) return;
    open(own ? { place, ...ofConversation() } : last.source, last.columns, true);
  });
  document.addEventListener("change", (event) => {
    if (event.target.closest("#fn-columns")) open(source, columns());
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id === "fn-columns") event.preventDefault(); // a change tells it
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("sort" in button.dataset) return sort(button);
    if (!("table" in button.dataset)) return;
    const turn = button.closest(".fn-turn");
    if (button.closest("[data-picks]")) open({ papers: page.picks() });
    else if (turn) open({ place: Number(turn.dataset.place), ...ofConversation() });
    else open(JSON.parse(button.dataset.table));
  });

  page.tableArgs = () => (byId("fn-columns") ? { ...source, columns: columns() } : {});
})();
