/* The address of what is open: /c/ID for a conversation, #room for a room, so that Back, Forward,
 * a reload and a bookmark lead where a reader has been.
 */
(() => {
  "use strict";
  const page = window.footnote;
  const { me } = page;
  const OF_CONVERSATION = /(?:^|\/)c\/([\w-]{1,64})$/;
  const named = () => location.pathname.match(OF_CONVERSATION)?.[1] ?? null;
  // The page's own: a proxy may serve it below another path.
  const root = new URL(document.baseURI).pathname;
  const library = new URLSearchParams(location.search).get("library");
  const within = library ? `?library=${encodeURIComponent(library)}` : "";
  // The room that is named at the start waits for its part of the page.
  let room = location.hash.slice(1) || "ask";
  let turns = 0;
  let following = 0; // what the browser goes back or forward to is in its history already

  // A conversation that an address names is opened, whatever this browser had open last.
  if (named()) me.conversation = named();

  // Called whenever another conversation or room is open.
  function track({ replace = false, entered = room } = {}) {
    room = entered;
    const asked = document.querySelector(".fn-turn .fn-asked")?.textContent;
    document.title = asked ? `${asked.slice(0, 60)} · Footnote` : "Footnote";
    const address = `${root}${me.conversation ? `c/${me.conversation}` : ""}${within}${room === "ask" ? "" : `#${room}`}`;
    if (following || address === location.pathname + within + location.hash) return;
    history[replace ? "replaceState" : "pushState"](null, "", address);
  }

  // What could not be opened, a deleted conversation, does not stay in the address.
  async function untracked(work) {
    following += 1;
    try {
      return await work();
    } finally {
      following -= 1;
      if (!following) track({ replace: true });
    }
  }

  window.addEventListener("popstate", () => {
    const [conversation, place] = [named(), location.hash.slice(1) || "ask"];
    const turn = (turns += 1);
    untracked(async () => {
      if (conversation !== me.conversation) await page.turnTo(conversation);
      // What an earlier step asked for may still be on its way.
      else page.disregard("open");
      if (turn !== turns) return; // gone on meanwhile
      if (place === "ask" || document.getElementById(`fn-room-${place}`)) page.enter(place);
    });
  });

  Object.assign(page, { track, untracked });
  Object.defineProperty(page, "room", { get: () => room });
})();
