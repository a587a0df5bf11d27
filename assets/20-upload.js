// Turns every .dropzone into a labelled file input that streams files to the server.
// A file goes through fetch() as it is: no base64, no copy in the page's memory.
(function () {
  const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

  const FULL = "The server's disk is full: ask the person who runs it to make room.";
  const BROKEN = "The upload broke off: try it again. If it breaks off at once, the server has no room.";

  function setProps(zone, value) {
    const id = { type: "upload", bench: zone.dataset.bench, name: zone.dataset.name };
    window.dash_clientside.set_props(id, { data: value });
  }

  async function answerOf(response) {
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      if (response.status === 507) return { error: FULL };
      return { error: `The server refused the upload (${response.status}).` };
    }
  }

  function refuse(zone, files) {
    const accepted = zone.dataset.accept.split(",");
    const wrong = files.find((f) => !accepted.some((s) => f.name.toLowerCase().endsWith(s)));
    if (wrong) return `${wrong.name} cannot be used here: take ${accepted.join(", ")}.`;
    const total = files.reduce((sum, f) => sum + f.size, 0);
    const limit = Number(zone.dataset.limit);
    if (total > limit) {
      return `${(total / 1e6).toFixed(0)} MB exceed the upload limit of ${limit / 1e6} MB: ` +
        "put the files below a data root and choose them there.";
    }
    if (zone.dataset.many !== "true" && files.length > 1) return "Choose one file.";
    return "";
  }

  async function send(zone, say, files) {
    const problem = refuse(zone, files);
    if (problem) return say(problem, true);
    const set = hex(crypto.getRandomValues(new Uint8Array(16)));
    const base = `/uploads/${zone.dataset.upload}/${set}`;
    for (let i = 0; i < files.length; i++) {
      say(`Uploading ${files[i].name} (${i + 1} of ${files.length})`, false);
      const path = `${base}/${encodeURIComponent(files[i].name)}`;
      const answer = await answerOf(await fetch(path, { method: "PUT", body: files[i] }));
      if (answer.error) return say(answer.error, true);
    }
    const done = await answerOf(await fetch(base, { method: "POST" }));
    if (done.error) return say(done.error, true);
    say(`Uploaded ${done.label}`, false);
    setProps(zone, done.reference);
  }

  function build(zone) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    const text = document.createElement("span");
    const status = document.createElement("p");
    input.type = "file";
    input.multiple = zone.dataset.many === "true";
    input.accept = zone.dataset.accept;
    text.textContent = zone.dataset.label;
    status.setAttribute("role", "status");
    label.append(input, text);
    zone.append(label, status);
    const say = (sentence, wrong) => {
      status.textContent = sentence;
      status.classList.toggle("error", wrong);
    };
    const take = (list) => {
      const files = Array.from(list);
      if (files.length) {
        send(zone, say, files).catch(() => say(BROKEN, true));
      }
    };
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
