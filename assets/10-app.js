// Small things that need no round trip to the server.
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.neuroboard = {
  onlyNews(report, shown) {
    return report === shown ? window.dash_clientside.no_update : report;
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
  clearNotice() {
    return "";
  },
};
