/* What a reader does beside asking: every button and form that names an action (data-do) becomes
 * one call to the server, whose reply says what goes where. HTML in a reply was made safe by
 * ui/web/handlers; this file makes none of its own.
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
    if (byId(`fn-room-${room}`)) enter(room);
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

  // With ``own`` the caller tells an error in a place of its own.
  async function call(action, args = {}, entered = false, own = false) {
    let reply = null;
    if (action in latest) latest[action] = args;
    try {
      reply = await server.action({ action, ...page.who(), ...today(), ...args });
    } catch {
      // Told below, as is a server that is gone: Gradio gives nothing then, and does not throw.
    }
    if (action in latest && latest[action] !== args) return reply;
    reply ??= { error: "The server does not respond; is it still running?", gone: true };
    apply(reply, entered, own);
    return reply;
  }

  // Seconds since 1970, and minutes that the reader's clock is behind UTC.
  const today = () => ({ now: Math.floor(Date.now() / 1000), zone: new Date().getTimezoneOffset() });

  function apply(reply, entered, own = false) {
    for (const name of reply.forget ?? []) kept.write(name, null);
    for (const [where, html] of Object.entries(reply.html ?? {})) {
      const element = document.querySelector(where);
      if (element) fill(element, html, entered);
    }
    if (reply.html) document.dispatchEvent(new CustomEvent("footnote:filled"));
    if (reply.unpick) page.unpick();
    if (reply.scope) page.setScope({ ...me.scope, ...reply.scope });
    if (reply.cleared) { page.clear(); page.track({ replace: true }); }
    if (reply.frames) {
      me.conversation = reply.conversation ?? null;
      enter("ask");
      page.restore(reply.frames, me.conversation);
    }
    if (reply.card) byId("fn-cards").insertAdjacentHTML("beforeend", reply.card);
    if (reply.cards) addCards(reply.cards);
    if (reply.copy != null) copy(reply.copy);
    if (reply.link) copy(new URL(reply.link, document.baseURI).href, "Link copied: ");
    if (reply.file) page.save(reply.file);
    if (reply.job) page.follow(reply.job);
    if (reply.focus) document.querySelector(reply.focus)?.focus({ preventScroll: false });
    if (reply.changed) { call("scope"); begin(); }
    if (reply.ask) setTimeout(() => page.submit(reply.ask), 100);
    if (reply.told || (reply.error && !own)) toast(reply.error ?? reply.told, Boolean(reply.error));
  }

  function addCards(html) {
    const made = document.createElement("template");
    made.innerHTML = html;
    for (const card of [...made.content.children]) {
      byId(card.id)?.remove();
      byId("fn-cards").append(card);
    }
  }

  // A field that is typed in or dragged keeps the focus when what stands around it is told anew.
  function fill(element, html, entered) {
    const { name, selectionStart } = document.activeElement;
    const within = name && element.contains(document.activeElement);
    const menus = [...element.querySelectorAll(".fn-menu[open]")];
    const own = entered && element.matches(".fn-room") ? touched(element) : menus.flatMap(touched);
    element.innerHTML = html;
    menus.forEach((menu) => reopen(element, menu));
    own.forEach((field) => setAgain(element, field));
    const field = within ? element.querySelector(`[name="${CSS.escape(name)}"]`) : null;
    field?.focus({ preventScroll: true });
    if (field?.type === "text" || field?.type === "search") field.setSelectionRange(selectionStart, selectionStart);
  }

  // A menu that is open stays so; what takes its place is known by it.
  const heirs = new WeakMap();
  function reopen(element, menu) {
    const { textContent, firstElementChild: { textContent: name } } = menu;
    const named = [...element.querySelectorAll(".fn-menu")].filter((one) => one.firstElementChild.textContent === name);
    const same = named.find((one) => one.textContent === textContent) ?? (named.length === 1 ? named[0] : null);
    same?.setAttribute("open", "");
    if (same) heirs.set(menu, same);
  }

  // Closes a menu once what was chosen in it is done, with what was typed into it.
  function shut(menu) {
    while (heirs.has(menu)) menu = heirs.get(menu);
    menu.removeAttribute("open");
    menu.querySelectorAll("form").forEach((form) => form.reset());
  }

  // What a reader has chosen or typed in a room stays when it is entered again.
  function touched(room) {
    return [...room.querySelectorAll("select[name], textarea[name], input[name]:not([type=file])")].filter((field) =>
      field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked
        : field.options ? !([...field.options].find((one) => one.defaultSelected) ?? field.options[0])?.selected
        : field.value !== field.defaultValue);
  }

  function setAgain(room, { form, name, value, checked }) {
    const own = form?.dataset.do ? `form[data-do="${form.dataset.do}"] ` : "";
    const field = room.querySelector(`${own}[name="${CSS.escape(name)}"]`);
    if (!field || (field.options && ![...field.options].some((one) => one.value === value))) return;
    Object.assign(field, { value, checked });
    field.dispatchEvent(new Event("change", { bubbles: true })); // a list that follows it follows
  }

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

  // Rooms

  let left = 0; // where the conversation stood when it was left for a room

  // With ``filled`` false whoever enters it fills it.
  function enter(room, place = null, filled = true) {
    const away = document.body.classList.contains("fn-away");
    if (!away) left = window.scrollY;
    if (away || room !== "ask") page.close();
    document.querySelectorAll(".fn-place").forEach((button) => {
      if (button.dataset.room === room) button.setAttribute("aria-current", "page");
      else button.removeAttribute("aria-current");
    });
    document.querySelectorAll(".fn-room").forEach((one) => (one.hidden = one.id !== `fn-room-${room}`));
    document.body.classList.toggle("fn-away", room !== "ask");
    draw(false);
    page.track({ entered: room });
    if (room === "ask") return away && window.scrollTo({ top: left });
    window.scrollTo({ top: 0 });
    if (!filled) return;
    // A room that holds a reader's own work is filled once.
    if (byId(`fn-room-${room}`).querySelector("[data-once]")) return entered(room);
    const last = [...document.querySelectorAll(".fn-turn[data-place]")].pop();
    call(room, { place: place ?? last?.dataset.place ?? null }, true).then(() => entered(room));
  }

  const entered = (room) => document.dispatchEvent(new CustomEvent("footnote:entered", { detail: { room } }));

  function draw(open) {
    document.body.classList.toggle("fn-drawn", open);
    byId("fn-drawer").setAttribute("aria-expanded", String(open));
  }

  document.addEventListener("footnote:answered", () => {
    call("talks");
    leadOn();
  });

  // Only below the last answer; it is asked for once its own question has settled.
  let leading = 0;
  function leadOn() {
    clearTimeout(leading);
    leading = setTimeout(() => {
      const last = [...document.querySelectorAll(".fn-turn[data-place] .fn-next")].pop();
      if (last && !last.childElementCount) call("next", argsOf(last));
    }, 150);
  }

  // Buttons and forms

  function argsOf(element) {
    const turn = element.closest(".fn-turn");
    const place = turn?.dataset.place ? { place: Number(turn.dataset.place), turn: Number(turn.id.slice("fn-turn-".length)) } : {};
    const picks = element.closest("[data-picks]") ? { papers: page.picks() } : {};
    const table = element.closest("#fn-table") ? page.tableArgs() : {};
    return { ...place, ...picks, ...table, ...shelf(element), ...JSON.parse(element.dataset.args ?? "{}") };
  }

  // What the library's list shows is drawn anew as it was asked for, after a change to it.
  function shelf(element) {
    const form = byId("fn-browse");
    return form && element.closest("#fn-room-library, #fn-cards") ? Object.fromEntries(new FormData(form)) : {};
  }

  async function act(element, args) {
    const turn = element.closest(".fn-turn");
    const view = turn?.querySelector(".fn-pane");
    const own = element.dataset.do;
    const menu = element.closest(".fn-menu");
    if (view && view.dataset.shown === own) {
      show(turn, view);
      if (menu) shut(menu);
      return;
    }
    // The map is a place of its own; what the answer found is lit there.
    if (own === "map" && turn) return enter("map", turn.dataset.place);
    // Of two charts that are pressed one after the other the later one stands, whichever is made first.
    if (view && element.hasAttribute("aria-pressed")) view.dataset.wanted = own;
    const reply = await call(own, args);
    if (view && reply?.view != null && view.dataset.wanted === own) {
      show(turn, view, own, reply.view);
      uncover(view);
    }
    if (reply?.voted) {
      turn?.querySelectorAll("[data-thumb]").forEach((thumb) => thumb.setAttribute("aria-pressed", String(thumb.dataset.thumb === reply.voted)));
      if (view?.dataset.shown === "doubt") {
        show(turn, view);
        turn.querySelector(`[data-thumb="${reply.voted}"]`)?.focus();
      }
    }
    // What was typed into it is still wanted when it was refused.
    if (menu && !reply?.error) shut(menu);
  }

  // One thing stands in an answer's pane, in place of what stood there; without a name, nothing.
  function show(turn, view, name = "", html = "") {
    view.innerHTML = html;
    view.dataset.shown = name;
    turn.querySelectorAll(".fn-tools [data-do][aria-pressed]:not([data-thumb])").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.do === name)));
  }

  // What opens behind the composer is brought up; what can be seen already stays.
  function uncover(view) {
    const edge = byId("fn-composer").getBoundingClientRect().top;
    const { top, bottom } = view.getBoundingClientRect();
    if (bottom > edge) window.scrollBy({ top: Math.min(bottom - edge + 16, top - edge / 4), behavior: page.motion() });
  }

  // What takes something away is asked first, in a dialog (dialogs.js).
  async function press(button) {
    const args = argsOf(button);
    if (!("ask" in button.dataset) || (await page.confirm(button.dataset.do, args))) act(button, args);
  }

  // Opens a conversation, or a new one where there is no id.
  function turnTo(id) {
    latest.open = null;
    if (id) return call("open", { id });
    page.clear();
    begin();
    return call("talks");
  }

  async function startAnew(button) {
    const asked = "ask" in button.dataset && me.records.length;
    if (asked && !(await page.confirm("clear"))) return;
    turnTo(null);
    enter("ask");
    document.querySelector("#fn-question textarea")?.focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button, summary");
    // What was pressed may have been drawn anew since.
    if (event.target.isConnected && !event.target.closest("#fn-talks, #fn-drawer")) draw(false);
    document.querySelectorAll("details.fn-menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    });
    if (!button) return;
    // What is chosen from a menu closes it; an action does so once it is done.
    if (button.type === "button" && !button.dataset.do) button.closest(".fn-menu")?.removeAttribute("open");
    const { room, ignore, say } = button.dataset;
    const turn = button.closest(".fn-turn");
    if (room) enter(room);
    else if (say) page.submit(say);
    else if (button.id === "fn-clear") startAnew(button);
    else if (button.id === "fn-drawer") draw(!document.body.classList.contains("fn-drawn"));
    else if (ignore) page.again(button, { ignored: [...turn.ignored, ignore] });
    else if ("retry" in button.dataset) page.again(button, { ignored: turn.ignored });
    else if ("edit" in button.dataset) {
      page.write(turn.querySelector(".fn-asked").textContent);
      page.plan({ kept: Number(turn.dataset.place) - 1 }, "Asking again replaces this answer and everything after it.");
    }
    else if (button.dataset.do && button.type !== "submit") press(button);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") draw(false);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-do]");
    if (!form) return;
    event.preventDefault();
    if (form.dataset.do === "scope") return page.readScope(form);
    act(form, { ...argsOf(form), ...Object.fromEntries(new FormData(form)) });
  });

  let waiting = 0;
  function live(event) {
    // The parts of the library are chosen beside its form.
    const form = event.target.form?.closest("form[data-do]");
    if (!form || !("live" in form.dataset || form.getAttribute("role") === "search")) return;
    if (form.dataset.do === "scope" && event.type === "input") return;
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(), event.type === "change" ? 0 : 250);
  }
  document.addEventListener("input", live);
  document.addEventListener("change", live);

  Object.assign(page, {
    connect,
    call,
    enter,
    turnTo,
    toast,
    copy,
    addCards,
    upload: (file) => upload(file),
    fetchCard: ({ paper, card, spans = "" }) => call("paper", { paper, card, spans }),
  });
})();
