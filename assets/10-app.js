// Small things that need no round trip to the server.
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.neuroboard = {
  onlyNews(report, shown) {
    return report === shown ? window.dash_clientside.no_update : report;
  },
  // A figure also reports that it was laid out; a callback for that would supersede a real one.
  draggedRange(layout) {
    const start = layout && layout["xaxis.range[0]"];
    if (start === undefined) return window.dash_clientside.no_update;
    return [start, layout["xaxis.range[1]"]];
  },
  // The same as a text, which an address can carry.
  draggedSpan(layout) {
    const start = layout && layout["xaxis.range[0]"];
    if (start === undefined) return window.dash_clientside.no_update;
    return `${start.toFixed(5)},${layout["xaxis.range[1]"].toFixed(5)}`;
  },
  // For the same reason only boxes and outlines that were drawn or moved are passed on.
  drawnShapes(layout) {
    const drawn = Object.keys(layout || {}).some((name) => name.startsWith("shapes"));
    return drawn ? layout : window.dash_clientside.no_update;
  },
  // Of what is lassoed or boxed only the line around it is passed on; nothing chosen is null.
  drawnOutline(selected) {
    if (selected?.lassoPoints) return [selected.lassoPoints.x, selected.lassoPoints.y];
    if (!selected?.range) return null;
    const { x, y } = selected.range;
    return [
      [x[0], x[1], x[1], x[0]],
      [y[0], y[0], y[1], y[1]],
    ];
  },
  // A slider's value goes into its field when the slider has rested for a moment.
  settleLimit() {
    const moved = window.dash_clientside.callback_context.triggered[0];
    const id = window.dash_clientside.callback_context.triggered_id;
    if (id && moved) {
      clearTimeout(window.neuroboardSettle);
      window.neuroboardSettle = setTimeout(() => {
        const value = Number(Number(moved.value).toPrecision(4));
        window.dash_clientside.set_props({ ...id, type: "limit" }, { value });
      }, 300);
    }
    return window.dash_clientside.no_update;
  },
  markCurrentPage(pathname) {
    requestAnimationFrame(() => {
      for (const link of document.querySelectorAll(".nav-link")) {
        const href = new URL(link.href).pathname;
        const current = href === "/" ? pathname === "/" : pathname.startsWith(href);
        if (current) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
    });
    return window.dash_clientside.no_update;
  },
  // What is searched for stands in the address, which can be sent; the page is not loaded anew.
  keepSearch(value) {
    const address = new URL(window.location);
    if (value) address.searchParams.set("search", value);
    else address.searchParams.delete("search");
    window.history.replaceState(window.history.state, "", address);
    return window.dash_clientside.no_update;
  },
  clearNotice() {
    return "";
  },
};
