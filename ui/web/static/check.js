/* The room "Check a text": the draft is kept in this browser, the check is a job of the server, and
 * the result is walked through. HTML in a result was made safe by ui/checks; this file makes none.
 */
(() => {
  "use strict";
  const page = window.footnote;
  const byId = (id) => document.getElementById(id);
  const field = (name) => byId(`fn-check-${name}`);
  const NAMES = ["text", "references"];
  const UTF16 = { "255,254": "utf-16le", "254,255": "utf-16be" };
  const CITES = /\\[a-zA-Z]*cite|\[-?@|\[\d/;
  const LISTED = /^[#*_ \t]*([\divx]+[.):]?[ \t]+)?(references|bibliography|sources|literature|works cited)\b|\\bibitem|^\[\^?[\w.:-]{1,60}\][.:]?[ \t]*[A-Z"“*[]/im;
  const ENTRY = /^[ \t]*(\\bibitem\b|@[a-z]+[ \t]*[{(])/im;
  let checking = false, at = -1;

  // The draft

  let saving = 0;
  function save() {
    clearTimeout(saving);
    page.kept.write("check", Object.fromEntries(NAMES.map((name) => [name, field(name).value])));
  }

  document.addEventListener("footnote:entered", ({ detail }) => {
    if (detail.room !== "check" || !field("text")) return;
    const [chosen, own] = [document.querySelector("#fn-composer-choice select"), judge()];
    if (chosen && own && [...own.options].some((one) => one.value === chosen.value)) own.value = chosen.value;
    if ("restored" in field("form").dataset) return;
    field("form").dataset.restored = "";
    const draft = page.kept.read("check") ?? {};
    for (const name of NAMES) if (!field(name).value) field(name).value = draft[name] ?? "";
    look();
  });

  const judge = () => field("form")?.elements.composer;

  // References are asked for where a text cites and lists nothing.
  function look() {
    const [text, more] = [field("text").value, field("more")];
    field("form").classList.toggle("fn-filled", Boolean(text.trim()));
    const wanted = CITES.test(text) && !LISTED.test(text);
    if (field("references").value.trim() || (wanted && !more.dataset.seen)) more.open = true;
    if (wanted) more.dataset.seen = "1";
  }

  document.addEventListener("input", (event) => {
    if (event.target.form?.id !== "fn-check-form") return;
    clearTimeout(saving);
    saving = setTimeout(() => { save(); look(); }, 300);
  });
  window.addEventListener("pagehide", () => field("text") && save());

  // The writer is chosen once, here or under a question.
  document.addEventListener("change", (event) => {
    const chosen = document.querySelector("#fn-composer-choice select");
    if (event.target === judge() && chosen) chosen.value = event.target.value;
    if (event.target.matches("#fn-check-form input[type=file]")) {
      take([...event.target.files]);
      event.target.value = "";
    }
  });

  // Files

  async function take(files) {
    tell("");
    const texts = { text: [], references: [] };
    const faults = [];
    for (const file of files) {
      const [text, fault] = await opened(file);
      if (fault) faults.push(fault);
      else texts[isList(file, text) ? "references" : "text"].push({ file, text });
    }
    for (const name of NAMES) faults.push(fill(name, texts[name]));
    tell(faults.filter(Boolean).join(" "));
    save();
    look();
  }

  // A bibliography by its name, or a text that is mostly entries of one.
  function isList(file, text) {
    const at = text.search(ENTRY);
    return /\.(bib|bbl)$/i.test(file.name) || (at >= 0 && at <= text.length / 2 && !CITES.test(text.slice(0, at)));
  }

  const most = (name) => Number(field(name).dataset.most);
  const long = (what, has, name, unit = "") => `${what} ${has}; the limit is ${most(name).toLocaleString("en")}${unit}. ${advice(name)}`;

  // Puts files into a field; says why if that cannot be.
  function fill(name, found) {
    const names = found.map(({ file }) => file.name).join(" and ");
    if (name === "text" && found.length > 1) return `${names} are ${found.length} texts; check one at a time.`;
    const text = found.map((one) => one.text).join("\n\n");
    if (count(text) > most(name)) return long(names, `${found.length > 1 ? "have" : "has"} ${count(text).toLocaleString("en")} characters`, name);
    if (found.length) put(field(name), text);
    return "";
  }

  // Returns the text of a file, or why it has none.
  async function opened(file) {
    const name = /\.(bib|bbl)$/i.test(file.name) ? "references" : "text";
    const size = `has ${(file.size / 1e6).toLocaleString("en", { maximumSignificantDigits: 3 })} MB`;
    if (file.size > 4 * most(name)) return ["", long(file.name, size, name, " characters")];
    const text = await read(file);
    return text == null ? ["", `${file.name} holds bytes that are no text; save it as UTF-8.`] : [text, ""];
  }

  async function read(file) {
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const text = new TextDecoder(UTF16[bytes.slice(0, 2).join()] ?? "utf-8", { fatal: true }).decode(bytes);
      return text.includes("\0") ? null : text;
    } catch {
      return null;
    }
  }

  // What stood in a field can be brought back: typed over, and not replaced.
  function put(into, text) {
    const before = into.value;
    if (before.trim() && before !== text) {
      into.focus();
      into.select();
      if (document.execCommand("insertText", false, text)) page.toast("Replaced; Ctrl + Z brings your text back.");
    }
    if (into.value !== text) into.value = text;
  }

  for (const kind of ["dragover", "drop"]) {
    document.addEventListener(kind, (event) => {
      if (!event.target.closest?.("#fn-check-form") || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      if (kind === "drop") take([...event.dataTransfer.files]);
    });
  }

  // The check

  const count = (text) => [...text].length;
  const advice = (name) => (name === "text" ? "Check it chapter by chapter." : "Leave only what the text cites.");

  function tell(line) {
    const told = byId("fn-check-told");
    told.textContent = line;
    told.hidden = !line;
  }

  function tooLong() {
    for (const name of NAMES) {
      const has = count(field(name).value);
      const what = name === "text" ? "The text has" : "The references have";
      if (has > most(name)) return long(what, `${has.toLocaleString("en")} characters`, name);
    }
    return "";
  }

  async function check() {
    if (checking) return;
    save();
    const long = tooLong();
    tell(long);
    if (long) return;
    busy(true);
    const line = byId("fn-progress-check");
    const sent = Object.fromEntries(NAMES.map((name) => [name, field(name).value]));
    let reply = await page.call("check-start", { ...sent, composer: judge()?.value ?? page.who().composer }, false, true);
    if (reply?.checking) reply = await follow(reply.checking, line);
    line.replaceChildren();
    busy(false);
    if (reply?.error) tell(reply.error);
    if (reply?.result) show(reply.result);
  }

  // Follows a check to its end, or until it is stopped.
  async function follow(job, line) {
    const stopped = new AbortController();
    const stop = Object.assign(document.createElement("button"), { type: "button", className: "fn-button", textContent: "Stop" });
    stop.addEventListener("click", () => {
      stopped.abort();
      page.call("check-stop", { job });
      field("form").querySelector("button:not([type])").focus();
      page.toast("Stopped; your text is as it was.");
    });
    const followed = page.watch(job, line, stopped.signal);
    line.append(stop);
    return followed;
  }

  function busy(now) {
    checking = now;
    field("form").querySelector("button:not([type])").setAttribute("aria-disabled", String(now));
  }

  function show(html) {
    page.close();
    const into = byId("fn-checked");
    into.innerHTML = html;
    document.querySelectorAll('#fn-cards > .fn-card[id^="check-"]').forEach((card) => card.remove());
    byId("fn-cards").append(...into.querySelectorAll(".fn-card"));
    at = -1;
    if (into.querySelector("[data-unknown]")) field("more").open = true;
    into.closest(".fn-check").classList.add("fn-check-done");
    window.scrollTo({ top: 0 });
    into.querySelector(".fn-check-sum").focus({ preventScroll: true });
  }

  // The walk through what is not supported

  function step(by) {
    const said = [...document.querySelectorAll("#fn-checked [data-step]")];
    if (!said.length) return;
    at = at < 0 ? (by > 0 ? 0 : said.length - 1) : (at + by + said.length) % said.length;
    said.forEach((one, n) => one.classList.toggle("fn-at", n === at));
    const open = said[at].querySelector(".fn-openmark");
    if (open) reveal(open, true);
    const words = { contradicted: "contradicted", unsettled: "not settled" }[said[at].dataset.step];
    document.querySelector("#fn-checked output").textContent = `${at + 1} of ${said.length}: ${words}`;
    said[at].focus({ preventScroll: true });
    said[at].scrollIntoView({ block: "center", behavior: page.motion() });
  }

  function reveal(button, open) {
    button.setAttribute("aria-expanded", String(open));
    byId(button.getAttribute("aria-controls")).hidden = !open;
  }

  document.addEventListener("submit", (event) => {
    if (event.target.id !== "fn-check-form") return;
    event.preventDefault();
    check();
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("#fn-room-check button");
    if (!button) return;
    const { dataset } = button;
    if ("forth" in dataset) step(1);
    else if ("back" in dataset) step(-1);
    else if (button.matches(".fn-openmark")) reveal(button, button.getAttribute("aria-expanded") !== "true");
    else if ("copied" in dataset) page.copy(dataset.copied);
    else if ("backToText" in dataset) {
      page.close();
      button.closest(".fn-check").classList.remove("fn-check-done");
      window.scrollTo({ top: 0 });
      field("text").focus({ preventScroll: true });
    } else if ("example" in dataset) {
      const reply = await page.call("check-example");
      if (!reply?.example) return;
      put(field("text"), reply.example);
      save();
      look();
      field("form").querySelector("button:not([type])").focus();
    }
  });

  document.addEventListener("keydown", (event) => {
    const way = { n: 1, p: -1 }[event.key];
    const typing = event.target.closest?.("input, textarea, select, [contenteditable], dialog");
    if (!way || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!byId("fn-checked")?.offsetParent) return;
    event.preventDefault();
    step(way);
  });
})();
