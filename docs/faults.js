// What is wrong with what is in the window: [{what, where}], for docs/screenshots.py.
() => {
  const LEAST_PX = 280;
  const found = [];
  const say = (what, where) => found.push({ what, where });
  const text = (one) => one.textContent.trim().replace(/\s+/g, " ").slice(0, 60);
  const isSeen = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const isDesk = document.querySelector(".workspace") && window.innerWidth >= 1000;

  if (isDesk && document.documentElement.scrollHeight > window.innerHeight) {
    say("the page scrolls", `${document.documentElement.scrollHeight} px`);
  }
  if (document.documentElement.scrollWidth > window.innerWidth) {
    say("the page is too wide", `${document.documentElement.scrollWidth} px`);
  }
  const panels = [...document.querySelectorAll(".panel")].filter(isSeen);
  const nameOf = (one) => one.closest(".panel")?.dataset.name || "page";

  for (const panel of panels) {
    const { width, height } = panel.getBoundingClientRect();
    if (isDesk && Math.min(width, height) < LEAST_PX - 1) {
      say("a panel is small", `${panel.dataset.name} ${Math.round(width)} x ${Math.round(height)}`);
    }
  }

  // Text of which a part is not drawn, cannot be scrolled to and is not said when pointed at.
  for (const one of document.querySelectorAll("body *")) {
    if (one.closest("svg") || !one.childNodes.length || !isSeen(one)) continue;
    const style = getComputedStyle(one);
    const hasText = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const clips = (way) => /hidden|clip/.test(way) && style.clipPath === "none";
    if (hasText && one.clientWidth > 4 && clips(style.overflowX) && one.scrollWidth > one.clientWidth + 1 && !one.title) {
      say("text is cut", `${nameOf(one)}: ${text(one)}`);
    }
    if (one.matches(".panel-body, .desk-foot, .workspace-bar, .slot-tabs") && one.scrollWidth > one.clientWidth + 1) {
      say("scrolls sideways", `${nameOf(one)} by ${one.scrollWidth - one.clientWidth} px`);
    }
  }

  // Text of a figure beyond the figure's edges, or beyond what its panel shows at rest.
  for (const figure of document.querySelectorAll(".js-plotly-plot")) {
    if (!isSeen(figure)) continue;
    const edge = figure.getBoundingClientRect();
    const panel = figure.closest(".panel-body");
    const words = [...figure.querySelectorAll("text")].filter((one) => one.textContent.trim() && isSeen(one));
    for (const one of words) {
      const box = one.getBoundingClientRect();
      if (!box.width || one.closest(".modebar, .hoverlayer, .cursor-pointer.scrollbox")) continue;
      const over = Math.max(edge.left - box.left, box.right - edge.right, edge.top - box.top, box.bottom - edge.bottom);
      if (over > 2) say("text leaves its figure", `${nameOf(figure)}: ${text(one)} by ${Math.round(over)} px`);
    }
    if (panel && edge.right > panel.getBoundingClientRect().right + 2) {
      say("a figure is wider than its panel", nameOf(figure));
    }
    if (!figure.data?.length && !figure.layout?.annotations?.length) say("a figure is empty", nameOf(figure));
  }
  for (const panel of panels) {
    const body = panel.querySelector(".panel-body");
    if (body && !body.textContent.trim() && !body.querySelector("img, canvas, svg, input")) {
      say("a panel is empty", panel.dataset.name);
    }
    const words = body?.innerText || "";
    const wrong = /Traceback|\bNaN\b|\bundefined\b|\[object Object\]|cannot be shown/.exec(words);
    if (wrong) say("a panel says", `${panel.dataset.name}: ${wrong[0]}`);
  }
  return found;
}
