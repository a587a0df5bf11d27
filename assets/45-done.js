// A person who waits in another tab sees in the title of this one how far the job is and when it is
// done, and is told by the system if they asked for that.
(function () {
  const MARK = /^(\d+ % · |✓ Done · |✕ [A-Z][a-z]+ · )/;
  let followed = null;
  let mark = "";

  const bare = () => document.title.replace(MARK, "");

  function entitle() {
    if (document.title !== mark + bare()) document.title = mark + bare();
  }

  function tell(word) {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    const note = new Notification(`${word}: ${bare()}`, { tag: "neuroboard" });
    note.onclick = () => window.focus();
  }

  // The state of the job on this page; none while there is no such job.
  function state() {
    const word = document.querySelector("#panel-state .badge")?.className || "";
    return /badge-(\w+)/.exec(word)?.[1] || null;
  }

  const isOver = () => !["running", "queued", null].includes(state());

  function ended(word) {
    const is = word === "done" ? "Done" : word[0].toUpperCase() + word.slice(1);
    mark = document.hidden ? `${word === "done" ? "✓" : "✕"} ${is} · ` : "";
    if (document.hidden) tell(is);
  }

  function look() {
    const now = state();
    const isUnderWay = now === "running" || now === "queued";
    if (isUnderWay) {
      const bar = document.getElementById("panel-bar");
      mark = now === "running" ? `${Math.floor(100 * Number(bar?.value || 0))} % · ` : "";
    } else if (followed && now) {
      ended(now);
    } else if (/%/.test(mark)) {
      mark = "";
    }
    if (now) followed = isUnderWay;
    const button = document.getElementById("tell-when-done");
    if (button) button.hidden = !isUnderWay || window.Notification?.permission !== "default";
    entitle();
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#tell-when-done")) Notification.requestPermission().then(look);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !/%/.test(mark)) {
      mark = "";
      entitle();
    }
  });
  let asked = false;
  new MutationObserver(() => {
    // The result takes the place of the job at once, on a desk, and with it the word for its end.
    if (followed && isOver()) look();
    if (asked) return;
    asked = true;
    setTimeout(() => {
      asked = false;
      look();
    }, 100);
  }).observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["value", "class"],
    childList: true,
    subtree: true,
  });
})();
