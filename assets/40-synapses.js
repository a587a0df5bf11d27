// The map of synapses: of what is chosen on it only the outline goes to the server, for the
// points themselves can be hundreds of thousands.
window.dash_clientside = window.dash_clientside || {};
(() => {
  const MOST_POINTS = 5000;
  const none = () => window.dash_clientside.no_update;

  const DOUBLE_CLICK_MS = 1500;
  let doubleClicked = -Infinity;
  document.addEventListener(
    "mousedown",
    (event) => {
      if (event.detail > 1 && event.target.closest("#synapses-map, .panel .js-plotly-plot")) {
        doubleClicked = performance.now();
      }
    },
    true,
  );

  // What was chosen: the points if they are few, else the outline. Drawing an image anew looks
  // like choosing nothing: only a double click is meant so.
  function outline(selected) {
    const points = (selected?.points || []).filter((point) => point.customdata !== undefined);
    if (points.length && points.length <= MOST_POINTS) {
      return { points: points.map((point) => point.customdata) };
    }
    if (selected?.lassoPoints) return { lassoPoints: selected.lassoPoints };
    if (selected?.range) return { range: selected.range };
    return performance.now() - doubleClicked < DOUBLE_CLICK_MS ? null : none();
  }

  // The part that is looked at, or null for all; other changes of the figure leave it.
  function view(change) {
    if (!change) return none();
    const names = ["xaxis", "yaxis"].flatMap((axis) => [`${axis}.range[0]`, `${axis}.range[1]`]);
    if (names.every((name) => name in change)) return names.map((name) => change[name]);
    return change["xaxis.autorange"] || change["yaxis.autorange"] ? null : none();
  }

  // On a desk: the outline as a text that an address can carry, with the columns that it is over.
  const LONGEST = 1500;
  const short = (values) => values.map((value) => Number(value.toPrecision(5)));

  function drawn(selected, figure) {
    const [x, y] = figure?.layout?.meta?.axes || [];
    if (!x) return none();
    if (selected?.lassoPoints && y) return lasso(x, y, selected.lassoPoints);
    if (selected?.range && y) {
      return JSON.stringify({ x, y, box: [short(selected.range.x), short(selected.range.y)] });
    }
    if (selected?.range) return JSON.stringify({ x, span: short(selected.range.x) });
    return performance.now() - doubleClicked < DOUBLE_CLICK_MS ? "" : none();
  }

  // Every second corner is left out until the text is short enough.
  function lasso(x, y, corners) {
    let [across, up] = [short(corners.x), short(corners.y)];
    const text = () => JSON.stringify({ x, y, lasso: [across, up] });
    while (text().length > LONGEST) {
      [across, up] = [across, up].map((values) => values.filter((_, i) => i % 2 === 0));
    }
    return text();
  }

  // The part of an image that is looked at: it is drawn anew with more pixels there.
  function looked(change, figure) {
    if (!figure?.layout?.meta?.raster) return none();
    const found = view(change);
    return Array.isArray(found) ? short(found).join(" ") : found === null ? "" : found;
  }

  // A table that is read page by page asks for its first page again.
  function turnBack(_, id) {
    window.dash_ag_grid.getApiAsync(id).then((api) => {
      if (api.getGridOption("rowModelType") === "infinite") api.purgeInfiniteCache();
    });
    return none();
  }

  // A button below a figure writes it to a file, as it is shown.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-figure]");
    if (!button) return;
    const { figure, format } = button.dataset;
    const plot = document.querySelector(`#${figure} .js-plotly-plot`);
    if (plot) window.Plotly.downloadImage(plot, { format, filename: figure, scale: 2 });
  });

  window.dash_clientside.synapses = { outline, view, turnBack, drawn, looked };
})();
