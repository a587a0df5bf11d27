// Turns every .dropzone into a labelled file input that sends files to the server.
// A large file goes in pieces through fetch(): no base64, no copy in the page's memory. After a
// lost connection it goes on by itself; after a reload once the same files are chosen again, which
// are known by name, size and date.
(function () {
  const MB = 1e6;
  const LEAST = 1 << 20;
  const MOST = 16 << 20;
  const WAITS_S = [1, 2, 4, 8, 15, 30];
  const PATIENCE_MS = 10 * 60 * 1000;
  const KEPT_MS = 24 * 3600 * 1000;
  const KEY = "neuroboard-uploads";
  const FULL = "The server's disk is full: ask the person who runs it to make room.";
  const BROKEN = "The upload broke off: choose the files again, and it goes on where it was.";
  const CHANGED = "changed on this computer since it was chosen: choose it again.";

  class Refused extends Error {}

  // -- what is remembered of uploads that are not whole yet

  function remembered() {
    try {
      const found = JSON.parse(localStorage.getItem(KEY)) || {};
      const young = Object.entries(found).filter(([, one]) => Date.now() - one.when < KEPT_MS);
      return Object.fromEntries(young);
    } catch {
      return {};
    }
  }

  function remember(mark, upload) {
    const all = remembered();
    if (upload) all[mark] = upload;
    else delete all[mark];
    try {
      localStorage.setItem(KEY, JSON.stringify(all));
    } catch {
      // Without it an upload cannot go on after a reload.
    }
  }

  // Of names, sizes and dates; cyrb53, a public-domain hash, for there may be 20,000 files.
  function markOf(kind, files) {
    const parts = files.map((f) => `${f.name}|${f.size}|${f.lastModified}`).sort();
    let [a, b] = [0xdeadbeef, 0x41c6ce57];
    for (const letter of [kind, ...parts].join("\n")) {
      const code = letter.codePointAt(0);
      a = Math.imul(a ^ code, 2654435761);
      b = Math.imul(b ^ code, 1597334677);
    }
    a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
    b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
    return `${files.length}-${4294967296 * (2097151 & b) + (a >>> 0)}`;
  }

  const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

  // -- asking the server

  async function answerOf(response) {
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      if (response.status === 507) return { error: FULL };
      return { error: `The server refused the upload (${response.status}).` };
    }
  }

  // One request; a connection that is lost, or a proxy that has lost the server, is tried again.
  async function ask(upload, path, options) {
    const until = Date.now() + PATIENCE_MS;
    for (let tries = 0; ; tries++) {
      try {
        const response = await fetch(path, { ...options, signal: upload.stop.signal });
        if (![502, 503, 504].includes(response.status)) return await answerOf(response);
      } catch (error) {
        if (upload.stop.signal.aborted) throw error;
        await requireReadable(options.body);
      }
      if (Date.now() > until) throw new Refused(BROKEN);
      upload.say("The connection is lost: the upload goes on when it is back.");
      const seconds = WAITS_S[Math.min(tries, WAITS_S.length - 1)];
      await new Promise((resolve) => {
        setTimeout(resolve, 1000 * seconds);
        window.addEventListener("online", resolve, { once: true });
        upload.stop.signal.addEventListener("abort", resolve, { once: true });
      });
      if (options.pieces) return { lost: true };
    }
  }

  async function requireReadable(body) {
    if (!(body instanceof Blob) || !body.size) return;
    try {
      await body.slice(0, 1).arrayBuffer();
    } catch {
      throw new Refused(`A file ${CHANGED}`);
    }
  }

  function need(answer) {
    if (answer.error) throw new Refused(answer.error);
    return answer;
  }

  // -- sending

  async function sendFile(upload, path, file, isAsked) {
    let at = isAsked ? need(await ask(upload, path, {})).there : 0;
    if (at > file.size) at = 0;
    upload.has(at);
    if (at === file.size && file.size) return;
    if (!at && file.size <= LEAST) {
      need(await ask(upload, path, { method: "PUT", body: file }));
      return upload.has(file.size);
    }
    let length = LEAST;
    let steps = 0;
    while (at < file.size) {
      const piece = file.slice(at, at + length);
      const began = performance.now();
      const address = `${path}?offset=${at}&total=${file.size}`;
      const answer = await ask(upload, address, { method: "PUT", body: piece, pieces: true });
      if (answer.lost || "there" in answer) {
        const here = answer.lost ? need(await ask(upload, path, {})).there : answer.there;
        steps = here > at ? 0 : steps + 1;
        if (steps > 20) throw new Refused(BROKEN);
        at = here;
      } else {
        need(answer);
        at += piece.size;
        const seconds = (performance.now() - began) / 1000;
        length = Math.max(LEAST, Math.min(MOST, seconds < 1 ? length * 2 : length / 2));
      }
      upload.has(at);
    }
  }

  async function sendAll(zone, upload, files, mark, known) {
    const base = `/uploads/${zone.dataset.upload}/${upload.set}`;
    const seen = new Set();
    for (const file of files) {
      upload.begin(file);
      // Of two files of one name only the first can be what is there.
      const isAsked = known && !seen.has(file.name);
      seen.add(file.name);
      await sendFile(upload, `${base}/${encodeURIComponent(file.name)}`, file, isAsked);
      upload.end(file);
    }
    const done = need(await ask(upload, base, { method: "POST" }));
    remember(mark, null);
    return done;
  }

  function refuse(zone, files) {
    const accepted = zone.dataset.accept.split(",");
    const wrong = files.find((f) => !accepted.some((s) => f.name.toLowerCase().endsWith(s)));
    if (wrong) return `${wrong.name} cannot be used here: take ${accepted.join(", ")}.`;
    const total = files.reduce((sum, f) => sum + f.size, 0);
    const limit = Number(zone.dataset.limit);
    if (total > limit) {
      return `${(total / MB).toFixed(0)} MB exceed the upload limit of ${limit / MB} MB: ` +
        "put the files below a data root and choose them there.";
    }
    if (zone.dataset.many !== "true" && files.length > 1) return "Choose one file.";
    return "";
  }

  const words = (bytes) => (bytes / MB).toLocaleString("en", { maximumFractionDigits: bytes < 10 * MB ? 1 : 0 });

  function left(seconds) {
    if (seconds < 60) return "less than a minute left";
    return seconds < 5400 ? `${Math.round(seconds / 60)} min left` : `${(seconds / 3600).toFixed(1)} h left`;
  }

  // How far an upload is, in words and as a bar.
  function follow(show, files, set, stop) {
    const total = files.reduce((sum, file) => sum + file.size, 0);
    const began = performance.now();
    let [before, first, said, name] = [0, null, 0, ""];
    return {
      set,
      stop,
      say: (sentence) => show(sentence, null),
      begin: (file) => { name = file.name; },
      end: (file) => { before += file.size; },
      has(bytes) {
        const there = before + bytes;
        first ??= there;
        const now = performance.now();
        if (now - said < 500 && there < total) return;
        said = now;
        const [sent, seconds] = [there - first, (now - began) / 1000];
        const rest = sent && seconds > 3 ? `, ${left(((total - there) / sent) * seconds)}` : "";
        show(`Uploading ${name}: ${words(there)} of ${words(total)} MB${rest}`, total ? there / total : 1);
      },
    };
  }

  // -- the zone

  function setProps(zone, value) {
    if (!zone.isConnected) return; // the page was left
    const id = { type: "upload", bench: zone.dataset.bench, name: zone.dataset.name };
    window.dash_clientside.set_props(id, { data: value });
  }

  function build(zone) {
    const part = (name) => document.createElement(name);
    const [label, input, text, status, bar, cancel] =
      ["label", "input", "span", "p", "progress", "button"].map(part);
    input.type = "file";
    input.multiple = zone.dataset.many === "true";
    input.accept = zone.dataset.accept;
    text.textContent = zone.dataset.label;
    status.setAttribute("role", "status");
    bar.max = 1;
    bar.setAttribute("aria-label", "Progress of the upload");
    cancel.type = "button";
    cancel.className = "button";
    cancel.textContent = "Cancel the upload";
    label.append(input, text);
    zone.append(label, status, bar, cancel);
    let stop = null;
    const busy = (is) => { bar.hidden = cancel.hidden = !is; };
    const say = (sentence, wrong) => {
      status.textContent = sentence;
      status.classList.toggle("error", wrong);
    };
    const show = (sentence, share) => {
      say(sentence, false);
      if (share !== null) bar.value = share;
    };
    busy(false);
    const half = Object.values(remembered()).find((one) => one.kind === zone.dataset.upload);
    if (half) say(`The upload of ${half.label} is not whole: choose it again, and it goes on.`, false);

    async function send(files) {
      const problem = refuse(zone, files);
      if (problem) return say(problem, true);
      const mark = markOf(zone.dataset.upload, files);
      const known = remembered()[mark];
      const set = known ? known.set : hex(crypto.getRandomValues(new Uint8Array(16)));
      const name = files.length > 1 ? `${files[0].name} and ${files.length - 1} more` : files[0].name;
      remember(mark, { set, when: Date.now(), kind: zone.dataset.upload, label: name });
      stop = new AbortController();
      bar.value = 0;
      busy(true);
      try {
        const done = await sendAll(zone, follow(show, files, set, stop), files, mark, known);
        say(`Uploaded ${done.label}`, false);
        setProps(zone, done.reference);
      } catch (error) {
        if (stop.signal.aborted) {
          remember(mark, null);
          fetch(`/uploads/${zone.dataset.upload}/${set}`, { method: "DELETE" }).catch(() => {});
          say("The upload was cancelled. Nothing was kept.", false);
        } else {
          say(error instanceof Refused ? error.message : BROKEN, true);
        }
      } finally {
        stop = null;
        busy(false);
      }
    }

    const take = (list) => {
      const files = Array.from(list);
      if (files.length && !stop) send(files);
    };
    cancel.addEventListener("click", () => stop && stop.abort());
    input.addEventListener("change", () => { take(input.files); input.value = ""; });
    zone.addEventListener("dragover", (e) => { e.preventDefault(); zone.classList.add("over"); });
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (e) => {
      e.preventDefault();
      zone.classList.remove("over");
      take(e.dataTransfer.files);
    });
  }

  function buildAll() {
    for (const zone of document.querySelectorAll(".dropzone:not([data-built])")) {
      zone.dataset.built = "true";
      build(zone);
    }
  }

  new MutationObserver(buildAll).observe(document, { childList: true, subtree: true });
})();
