/* Files: those dropped or chosen go to the server, what it writes is saved, and work that takes
 * long is followed to its end. */
(() => {
  "use strict";
  const page = window.footnote;

  const most = () => Number(document.querySelector("meta[name=footnote-upload]")?.content ?? Infinity);
  const megabytes = (bytes) => `${(bytes / 1e6).toLocaleString("en", { maximumSignificantDigits: 3 })} MB`;

  // A longer one is refused by the server while it is still being sent, which a browser cannot tell
  // from a broken line. It keeps no other from being sent.
  function tellOfLong(files) {
    const long = files.find((file) => file.size > most());
    if (long) page.toast(`${long.name} has ${megabytes(long.size)}; at most ${megabytes(most())} are taken. Split it.`, true);
  }

  // One that does not arrive keeps no other from being sent.
  async function arrived(file) {
    if (file.size > most()) return null;
    try { return (await page.upload(file)).path; } catch { return null; }
  }

  async function drop(field, files) {
    if (!files.length) return;
    tellOfLong(files);
    const line = document.getElementById("fn-progress");
    line.textContent = `Receiving ${files.length === 1 ? files[0].name : `${files.length} files`}…`;
    const paths = [], names = [], lost = [];
    for (const file of files) {
      const path = await arrived(file);
      if (path) { paths.push(path); names.push(file.name); } else lost.push(file.name);
    }
    field.value = ""; // so that the same file can be chosen again
    const reply = paths.length ? await page.call(field.dataset.upload, { paths, names, lost }) : null;
    if (reply && !reply.error) return;
    line.textContent = "";
    if (!reply && files.every((file) => file.size <= most())) page.toast("Nothing arrived; it may be too large for this server.", true);
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches("input[data-upload]")) drop(event.target, [...event.target.files]);
  });
  for (const kind of ["dragover", "drop"]) {
    document.addEventListener(kind, (event) => {
      const zone = event.target.closest?.(".fn-drop");
      if (!zone) return;
      event.preventDefault();
      if (kind === "drop") drop(zone.querySelector("input"), [...event.dataTransfer.files]);
    });
  }

  function save(file) {
    const link = document.createElement("a");
    const bytes = file.base64 && Uint8Array.from(atob(file.base64), (sign) => sign.charCodeAt(0));
    link.href = URL.createObjectURL(new Blob([bytes ?? file.text], { type: bytes ? file.kind : `${file.kind};charset=utf-8` }));
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  async function follow(job) {
    const line = document.querySelector(".fn-room:not([hidden]) [id^=fn-progress]");
    if (!line) return;
    const reply = await watch(job, line);
    const room = document.querySelector(".fn-room:not([hidden])")?.id.slice("fn-room-".length);
    if (room) await page.call(room);
    const fresh = document.querySelector(".fn-room:not([hidden]) [id^=fn-progress]");
    if (fresh) fresh.innerHTML = reply?.result ?? "";
    page.call("scope");
  }

  // Work that takes longer than a reply: asked after, and shown in a line, until it ends or is
  // stopped. A server that does not answer is asked again for half a minute: the work goes on.
  // Who can stop it tells an error in a place of its own.
  const PATIENCE = 6;
  async function watch(job, line, stopped) {
    const text = Object.assign(document.createElement("p"), { className: "fn-stage" });
    const bar = Object.assign(document.createElement("progress"), { max: 1 });
    bar.setAttribute("aria-label", "Progress");
    line.replaceChildren(text, bar);
    // Short work is asked after soon, long work seldom.
    for (let pause = 100, lost = 0; ; pause = Math.min(2 * pause, lost ? 8000 : 800)) {
      if (stopped?.aborted) return null;
      const reply = await page.call("job", { job }, false, Boolean(stopped));
      if (stopped?.aborted) return null;
      lost = reply?.gone ? lost + 1 : 0;
      if (!reply || reply.done || (reply.error && !lost) || lost > PATIENCE) return reply;
      text.textContent = lost ? "The server does not respond; asking again…" : reply.line;
      if (!lost) bar.value = reply.part;
      await new Promise((wake) => {
        setTimeout(wake, pause);
        stopped?.addEventListener("abort", wake, { once: true });
      });
    }
  }

  Object.assign(page, { save, follow, watch });
})();
