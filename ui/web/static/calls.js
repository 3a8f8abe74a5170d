/* Calls to the server beside questions: each has one reply, which says what goes where. HTML in a reply
 * was made safe by ui/web/handlers; this file makes none of its own.
 */
(() => {
  "use strict";
  const page = window.footnote;
  const { me, kept } = page;
  const byId = (id) => document.getElementById(id);

  let server = null, upload = null;

  function connect(calls, send) {
    server = calls;
    upload = send;
    boot();
  }

  // Made again, ever more seldom, until it was of use: the server may be only just starting, and
  // Gradio puts up the parts of a page one by one, so that a reply may come before its place.
  function boot(pause = 200) {
    // What is open at the start is no step that Back takes.
    return page.untracked(() => start(pause));
  }

  async function start(pause) {
    const { room } = page;
    const reply = await Promise.race([call("boot"), new Promise((wake) => setTimeout(wake, 5000))]);
    const places = Object.keys(reply?.html ?? {});
    if (!places.length || !places.every((place) => document.querySelector(place))) {
      return setTimeout(boot, pause, Math.min(2 * pause, 10_000));
    }
    page.offer();
    if (byId(`fn-room-${room}`)) page.enter(room);
    begin();
  }

  // What an empty conversation offers: it takes the library's map, so only where it is seen.
  let beginning = 0;
  async function begin() {
    clearTimeout(beginning);
    if (document.body.classList.contains("fn-talking")) return;
    const { later } = (await call("begin")) ?? {};
    if (later) beginning = setTimeout(begin, later); // somebody else's page has it made
  }

  // Of two looks at the library, two conversations that are opened, or two scopes, the later one
  // counts, whichever is answered first.
  const latest = { browse: null, open: null, scope: null };

  // What is under way is not wanted any more.
  const disregard = (action) => (latest[action] = null);

  // What lists the conversations again lists those that are searched for.
  const LISTS = new Set(["open", "rename", "delete", "share", "unshare"]);
  const searched = () => ({ search: document.querySelector("[name=search]")?.value ?? "" });

  // With ``own`` the caller tells an error in a place of its own.
  async function call(action, args = {}, entered = false, own = false) {
    let reply = null;
    if (action in latest) latest[action] = args;
    try {
      const beside = LISTS.has(action) ? searched() : {};
      reply = await server.action({ action, ...page.who(), ...today(), ...beside, ...args });
    } catch {
      // Told below, as is a server that is gone: Gradio gives nothing then, and does not throw.
    }
    if (action in latest && latest[action] !== args) return reply;
    if (!reply) page.ended();
    reply ??= { error: "The server does not respond; is it still running?", gone: true };
    apply(reply, entered, own);
    return reply;
  }

  // Seconds since 1970, and minutes that the reader's clock is behind UTC.
  const today = () => ({ now: Math.floor(Date.now() / 1000), zone: new Date().getTimezoneOffset() });

  function apply(reply, entered, own = false) {
    if (reply.signed) page.signed(reply.signed);
    for (const name of reply.forget ?? []) kept.write(name, null);
    for (const [where, html] of Object.entries(reply.html ?? {})) {
      const element = document.querySelector(where);
      if (element) page.fill(element, html, entered);
    }
    if (reply.html) document.dispatchEvent(new CustomEvent("footnote:filled"));
    if (reply.unpick) page.unpick();
    if (reply.scope) page.setScope({ ...me.scope, ...reply.scope });
    if (reply.cleared) { page.clear(); page.track({ replace: true }); }
    if (reply.frames) {
      me.conversation = reply.conversation ?? null;
      page.enter("ask");
      page.restore(reply.frames, me.conversation);
    }
    if (reply.card) byId("fn-cards").insertAdjacentHTML("beforeend", reply.card);
    if (reply.cards) addCards(reply.cards);
    if (reply.copy != null) page.copy(reply.copy);
    if (reply.link) page.handOver(reply.dialog, new URL(reply.link, document.baseURI).href);
    if (reply.file) page.save(reply.file);
    if (reply.job) page.follow(reply.job);
    const shown = reply.reveal && document.querySelector(reply.reveal);
    if (shown) page.reveal(shown.closest(".fn-card"), shown);
    if (reply.focus) document.querySelector(reply.focus)?.focus({ preventScroll: false });
    if (reply.changed) { call("scope"); begin(); }
    if (reply.ask) setTimeout(() => page.submit(reply.ask), 100);
    if (reply.told || (reply.error && !own)) page.toast(reply.error ?? reply.told, Boolean(reply.error));
  }

  function addCards(html) {
    const made = document.createElement("template");
    made.innerHTML = html;
    for (const card of [...made.content.children]) {
      byId(card.id)?.remove();
      byId("fn-cards").append(card);
    }
  }

  Object.assign(page, {
    connect,
    call,
    begin,
    disregard,
    addCards,
    upload: (file) => upload(file),
    fetchCard: ({ paper, card, spans = "" }) => call("paper", { paper, card, spans }),
  });
})();
