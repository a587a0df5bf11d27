// The area New: led to by an address, as its button for the example is, and the focus in its list stays when a folder is opened.
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.neuroboard = window.dash_clientside.neuroboard || {};
window.dash_clientside.neuroboard.focusNew = (_subject, hash) => {
  if (hash === "#new" || hash === "#new-example") {
    requestAnimationFrame(() => {
      const area = document.getElementById("new");
      if (!area) return;
      area.scrollIntoView({ block: "nearest" });
      const first = hash === "#new" ? "#new-search, .dropzone input, button" : hash;
      area.querySelector(first)?.focus();
    });
  }
  return window.dash_clientside.no_update;
};
window.addEventListener("hashchange", () => {
  window.dash_clientside.neuroboard.focusNew(null, window.location.hash);
});
(() => {
  let opening = false;
  const tell = (store, text) =>
    window.dash_clientside.set_props(store, { data: { text, at: Date.now() } });
  document.addEventListener("click", (event) => {
    const entry = event.target.closest?.("#new-list [data-place]");
    if (!entry) return;
    const isFolder = entry.classList.contains("folder");
    // With a mouse, the focus is where the pointer is; only a key (detail 0) needs it back.
    if (isFolder && event.detail === 0) opening = true;
    tell(isFolder ? "new-place" : "new-path", entry.dataset.place);
  });
  // What was wrong with a path is said no more once another is typed.
  document.addEventListener("input", (event) => {
    if (event.target.id === "new-search") window.dash_clientside.set_props("new-error", { children: "" });
  });
  // The field itself tells of its value only when it has rested for a moment.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.id !== "new-search") return;
    tell("new-path", event.target.value);
  });
  new MutationObserver(() => {
    if (!opening) return;
    const list = document.getElementById("new-list");
    if (!list || list.contains(document.activeElement)) return;
    opening = false;
    const entry = list.querySelector("ul .entry:not(.other)") || list.querySelector(".entry.folder");
    entry?.focus();
  }).observe(document, { childList: true, subtree: true });
})();
