// On a sheet of planes the voxel under the pointer is selected, while none is kept by a press; what
// pictures of one plane show is selected too, so that the address of the desk carries it.
window.dash_clientside = window.dash_clientside || {};
(function () {
  const OFTEN_MS = 120;
  const STILL_PX = 4;
  const setProps = (id, props) => window.dash_clientside.set_props(id, props);
  let kept = null;
  let pointed = null;
  let waiting = 0;
  let down = null;

  function graphAt(target) {
    const graph = target.closest?.('.panel[data-name="map"] .js-plotly-plot');
    return graph?._fullLayout?.meta?.planes ? graph : null;
  }

  // The voxel "plane,y,x" under a point of the window.
  function voxelAt(graph, event) {
    const { xaxis, yaxis, meta: sheet } = graph._fullLayout;
    const box = graph.getBoundingClientRect();
    const x = Math.round(xaxis.p2d(event.clientX - box.left - xaxis._offset));
    const y = Math.round(yaxis.p2d(event.clientY - box.top - yaxis._offset));
    const [high, wide] = [sheet.height + sheet.gap, sheet.width + sheet.gap];
    const [row, column] = [Math.floor(y / high), Math.floor(x / wide)];
    if (row < 0 || column < 0 || column >= sheet.columns) return null;
    const plane = sheet.planes[row * sheet.columns + column];
    if (plane === undefined || y % high >= sheet.height || x % wide >= sheet.width) return null;
    return `${plane},${y % high},${x % wide}`;
  }

  function select() {
    waiting = 0;
    if (!kept && pointed) setProps({ type: "chosen", key: "voxel" }, { data: pointed });
  }

  document.addEventListener("mousemove", (event) => {
    const graph = graphAt(event.target);
    const voxel = graph && !kept && voxelAt(graph, event);
    if (!voxel) return;
    pointed = voxel;
    waiting = waiting || setTimeout(select, OFTEN_MS);
  });

  // A press keeps the voxel, whatever the pointer does then; a second one lets it go.
  document.addEventListener("mousedown", (event) => {
    const graph = event.button === 0 && graphAt(event.target);
    down = graph ? { graph, x: event.clientX, y: event.clientY } : null;
  }, true);
  document.addEventListener("mouseup", (event) => {
    const moved = down && Math.hypot(event.clientX - down.x, event.clientY - down.y);
    const voxel = down && moved < STILL_PX && voxelAt(down.graph, event);
    down = null;
    if (!voxel) return;
    kept = kept === voxel ? null : voxel;
    mark();
    setProps("voxel-pressed", { data: { voxel, times: Date.now() } });
  }, true);

  // A frame around the voxel that is kept.
  function mark() {
    const graph = document.querySelector('.panel[data-name="map"] .js-plotly-plot');
    const sheet = graph?._fullLayout?.meta;
    if (!sheet?.planes) return;
    const [plane, y, x] = (kept || "none").split(",");
    const place = sheet.planes.indexOf(plane);
    const at = place < 0 ? [null, null] : [
      Number(x) + (place % sheet.columns) * (sheet.width + sheet.gap),
      Number(y) + Math.floor(place / sheet.columns) * (sheet.height + sheet.gap),
    ];
    const [now] = graph.data.slice(1);
    if (now.x[0] !== at[0] || now.y[0] !== at[1]) {
      window.Plotly.restyle(graph, { x: [[at[0]]], y: [[at[1]]] }, [1]);
    }
  }

  function tell(key, value) {
    if (document.querySelector(".workspace")) setProps({ type: "chosen", key }, { data: value });
  }

  let telling = 0;

  window.dash_clientside.voxels = {
    plane(value) {
      if (value !== null && value !== undefined) tell("plane", Number(value));
    },
    // A film that plays passes over time points: that at which it stands still is told.
    time(value, isStill = true) {
      if (isStill && Number.isInteger(value)) tell("time", value);
    },
    pointed(hover, plane) {
      const point = hover?.points?.[0];
      if (!point) return;
      clearTimeout(telling);
      const voxel = [plane, Math.trunc(point.y), Math.trunc(point.x)];
      telling = setTimeout(tell, OFTEN_MS, "voxel", voxel.join(","));
    },
    pressed(voxel) {
      if (Array.isArray(voxel)) tell("voxel", voxel.join(","));
    },
    // Once a new picture is drawn.
    marked() {
      setTimeout(mark, 50);
    },
  };
})();
