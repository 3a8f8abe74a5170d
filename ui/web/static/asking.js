/* Asking: a question leaves by a route of our own (ui/web/server/answers.py), and its answer comes back
 * as a stream of frames, which chat.js puts in their place. The composer is Gradio's: it calls ask as
 * its question is sent, and stop.
 */
(() => {
  "use strict";
  const page = window.footnote;
  const { me } = page;
  const GONE = "The server does not respond; is it still running?";
  const SILENT = 60_000; // milliseconds; a server that is there shows a sign of life every 15 seconds
  let running = null; // what stops the answer in the making

  class Refused extends Error {}

  // Returns what the composer holds from then on: its question until it is taken up, or a draft of
  // the next one.
  async function ask(text) {
    const asked = String(text ?? "");
    if (running || tooLong(asked)) return asked;
    const own = (running = new AbortController());
    const frames = stream({ ...page.who(), turn: me.asked + 1, ...me.next, question: asked }, own);
    page.hint("");
    page.setBusy(true);
    try {
      const { value: frame } = await frames.next();
      if (own.signal.aborted) return page.composer().value;
      if (!frame) throw new Refused(GONE);
      if (frame.state === "hint") throw new Refused("Type a question first.");
      begin();
      page.show(frame);
      follow(frames, own);
      return page.composer().value === asked ? "" : page.composer().value;
    } catch (error) {
      if (running === own) {
        end();
        page.hint(error instanceof Refused ? error.message : GONE);
      }
      return page.composer().value;
    }
  }

  // As a question is taken up: whatever is shown behind the place it is asked at goes, and what
  // would cover its sources.
  function begin() {
    me.asked += 1;
    page.closeFilters();
    if (me.next.kept != null) {
      page.close();
      for (const turn of document.querySelectorAll(".fn-turn")) {
        if (!(Number(turn.dataset.place) <= me.next.kept)) turn.remove();
      }
    }
    me.pending = me.next.ignored ?? [];
    plan({});
  }

  // What the next question is to be asked with, told above the composer.
  function plan(next, told = "") {
    me.next = next;
    const line = document.getElementById("fn-pending");
    line.replaceChildren();
    if (!told) return;
    const cancel = Object.assign(document.createElement("button"), { type: "button", className: "fn-quiet", textContent: "Cancel" });
    cancel.addEventListener("click", () => { plan({}); page.write(""); });
    line.append(`${told} `, cancel);
  }

  async function* stream(sent, own) {
    const { signal } = own;
    let silence = 0;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => own.abort(new Refused(GONE)), SILENT);
    };
    try {
      heard();
      const headers = { "Content-Type": "application/json" };
      const reply = await fetch(new URL("ask", document.baseURI), { method: "POST", signal, headers, body: JSON.stringify(sent) });
      if (!reply.ok) throw new Refused(await lineOf(reply));
      const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = ""; ; ) {
        const { done, value } = await reader.read();
        if (done) return;
        heard();
        const events = (text + value).split("\n\n");
        text = events.pop();
        for (const event of events) if (event.startsWith("data: ")) yield JSON.parse(event.slice(6));
      }
    } finally {
      clearTimeout(silence);
    }
  }

  // Why a question was refused; a proxy in front of a server that is gone sends a page of its own.
  async function lineOf(reply) {
    const plain = reply.headers.get("content-type")?.startsWith("text/plain");
    return (plain && (await reply.text()).trim()) || GONE;
  }

  async function follow(frames, own) {
    try {
      for await (const frame of frames) {
        if (running !== own) return;
        page.show(frame);
        if (frame.state !== "busy") return end();
      }
    } catch {
      // Told below, as is a stream that ends too soon.
    }
    if (running === own) leave("fn-error", GONE);
  }

  function end() {
    running = null;
    page.setBusy(false);
  }

  function stop() {
    running?.abort();
    const standing = leave("fn-stopped", "Stopped. This text was not checked.");
    // The server keeps it as soon as it has ended the calls under way.
    if (standing) setTimeout(() => document.dispatchEvent(new CustomEvent("footnote:answered")), 1000);
    page.composer()?.focus();
  }

  // Leaves the turn in the making as it stands; returns whether a part of it is whole.
  function leave(kind, told) {
    end();
    const turn = document.querySelector('.fn-turn[data-state="busy"]');
    if (!turn) return false;
    const { standing } = turn;
    turn.dataset.state = kind === "fn-error" ? "failed" : "stopped";
    turn.setAttribute("aria-busy", "false");
    turn.querySelectorAll(".fn-stage").forEach((stage) => stage.remove());
    const written = turn.querySelector(".fn-body")?.innerText.trim();
    const note = Object.assign(document.createElement("p"), { className: kind, textContent: told });
    if (kind !== "fn-error" && !written) note.textContent = "Stopped before anything was written.";
    if (kind === "fn-error") note.setAttribute("role", "alert");
    else if (standing) note.textContent = "Stopped. What stands is kept; it was checked by the rules alone.";
    const place = turn.querySelector(".fn-below") ?? turn.querySelector(".fn-body");
    place.append(note);
    if (standing) page.settled(turn, standing);
    else if (kind === "fn-error" || !written) place.append(retry());
    turn.reads = null;
    return Boolean(standing);
  }

  function retry() {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "fn-button", textContent: "Try again" });
    button.dataset.retry = "";
    return button;
  }

  // A question that is too long is told of before it leaves, and stays to be shortened.
  function tooLong(text) {
    const most = Number(document.querySelector("meta[name=footnote-question]")?.content ?? Infinity);
    const length = [...text.trim().replace(/\s+/g, " ")].length;
    if (length <= most) return false;
    const [has, read] = [length, most].map((number) => number.toLocaleString("en"));
    page.hint(`The question has ${has} characters; the limit is ${read}. Shorten it.`);
    return true;
  }

  // Asks what stands on the page; a question that is not taken up waits in the composer.
  async function submit(text) {
    const asked = page.me.asked;
    await ask(text);
    if (me.asked === asked) page.write(text);
  }

  Object.assign(page, { ask, stop, plan, submit });
})();
