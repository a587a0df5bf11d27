// The desk: panels in rows and columns that can be dragged, hidden and brought to the front,
// one selection for all of them, and an address that carries it. The arrangement is kept here.
window.dash_clientside = window.dash_clientside || {};
(function () {
  const LEAST_PX = 280;
  const GUTTER_PX = 8;
  const noUpdate = () => window.dash_clientside.no_update;
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const setProps = (id, props) => window.dash_clientside.set_props(id, props);
  let selection = {};
  let held = { shift: false, more: false };
  let touched = null;
  for (const name of ["keydown", "keyup", "mousedown"]) {
    document.addEventListener(
      name,
      (event) => {
        held = { shift: event.shiftKey, more: event.ctrlKey || event.metaKey };
        if (name !== "keyup") touched = event.target.closest?.(".desk-grid") ?? null;
      },
      true,
    );
  }

  // ---- what is selected
  function byKey(values, ids) {
    return Object.fromEntries(ids.map((id, i) => [id.key, values[i]]));
  }

  function choose(key, value) {
    setProps({ type: "chosen", key }, { data: value });
  }

  // A click chooses one thing; with shift or control it is added to, or taken from, several.
  function chooseOne(key, value, now) {
    if (!Array.isArray(now)) return choose(key, value);
    if (!held.shift && !held.more) return choose(key, [value]);
    choose(key, now.includes(value) ? now.filter((one) => one !== value) : [...now, value]);
  }

  // A grid is there before its rows are.
  async function withRows(api) {
    for (let i = 0; i < 40 && !api.getDisplayedRowCount(); i++) {
      await new Promise((done) => setTimeout(done, 25));
    }
  }

  window.dash_clientside.desk = {
    address(values, ids, desk) {
      const query = new URLSearchParams(window.location.search);
      ids.forEach((id, i) => {
        const value = Array.isArray(values[i]) ? values[i].join(",") : values[i];
        if (value === null || value === undefined || value === "") query.delete(id.key);
        else query.set(id.key, value);
      });
      query.set("tab", desk.tab);
      const words = query.toString().replaceAll("%2C", ",");
      window.history.replaceState(window.history.state, "", `${window.location.pathname}?${words}`);
    },
    pick(clicks, asks, ids, values) {
      const triggered = window.dash_clientside.callback_context.triggered_id;
      const inputs = window.dash_clientside.callback_context.inputs_list[0];
      const at = inputs.findIndex((one) => one.id.panel === triggered?.panel);
      const stated = window.dash_clientside.callback_context.states_list[0];
      const ask = at < 0 ? -1 : stated.findIndex((one) => one.id.panel === triggered.panel);
      const key = asks[ask]?.picks;
      const datum = clicks[at]?.points?.[0]?.customdata;
      if (key && asks[ask].several && datum) return choose(key, [...new Set(datum)]);
      const value = Array.isArray(datum) ? datum[0] : datum;
      if (!key || value === undefined || value === null) return;
      chooseOne(key, value, byKey(values, ids)[key]);
    },
    fromTable(rows, grids, ids, values) {
      const { triggered_id: by, inputs_list: lists } = window.dash_clientside.callback_context;
      const at = lists[0].findIndex((one) => one.id.key === by?.key && one.id.field === by?.field);
      if (at < 0 || !Array.isArray(rows[at]) || !isTouched(grids[at])) return;
      const { key, field } = grids[at];
      const now = byKey(values, ids)[key];
      const found = rows[at].map((row) => row[field]);
      if (!Array.isArray(now)) {
        if (found.length && found[0] !== now) choose(key, found[0]);
      } else if (found.length && !same([...found].sort(), [...now].sort())) choose(key, found);
    },
    // The unit that is curated is the selected one; on the page of a form nothing is selected.
    unit(unit) {
      if (document.querySelector(".workspace") && selection.units?.[0] !== unit) {
        choose("units", [unit]);
      }
    },
    toTable(values, ids) {
      selection = byKey(values, ids);
      for (const panel of document.querySelectorAll(".panel[data-seen]")) ask(panel);
      for (const box of document.querySelectorAll(".desk-grid")) markRows(box);
      for (const list of document.querySelectorAll("select[data-chooses]")) {
        if (selection[list.dataset.chooses]) list.value = selection[list.dataset.chooses];
      }
      return noUpdate();
    },
  };

  // A panel that is seen asks for what it shows, when a selection that it listens to has changed.
  // One callback for each panel would cost more than most figures do.
  function ask(panel) {
    const asks = JSON.parse(panel.dataset.ask || "null");
    if (!asks || !asks.listens.every((key) => key in selection)) return;
    const chosen = Object.fromEntries(asks.listens.map((key) => [key, selection[key] ?? null]));
    const text = JSON.stringify(chosen);
    if (panel.dataset.asked === text) return;
    panel.dataset.asked = text;
    const { kind, ...rest } = asks;
    setProps({ type: kind, panel: panel.dataset.name }, { data: { ...rest, chosen } });
  }

  // A table also answers to what it is told, by then perhaps of the selection before: only a hand
  // on the table itself selects.
  function isTouched(grid) {
    if (!touched?.isConnected) return false;
    const { key, field } = JSON.parse(touched.dataset.grid);
    return key === grid.key && field === grid.field;
  }

  function isSelected(grid, node) {
    const now = selection[grid.key];
    const value = node.data?.[grid.field];
    return Array.isArray(now) ? now.includes(value) : now === value;
  }

  // The rows of a table that are selected elsewhere.
  async function markRows(box) {
    const grid = JSON.parse(box.dataset.grid);
    const api = await window.dash_ag_grid.getApiAsync(grid);
    await withRows(api);
    const nodes = [];
    api.forEachNode((node) => isSelected(grid, node) && nodes.push(node));
    setProps(grid, { selectedRows: { ids: nodes.map((node) => node.id) } });
    if (nodes.length) api.ensureNodeVisible(nodes[0]);
  }

  // The row before or after the chosen one, as the table is sorted and filtered now.
  async function turn(step) {
    const box = [...document.querySelectorAll(".panel .desk-grid")].find((one) => one.offsetParent);
    if (!box) return;
    touched = null;
    const grid = JSON.parse(box.dataset.grid);
    const api = await window.dash_ag_grid.getApiAsync(grid);
    const nodes = [];
    api.forEachNodeAfterFilterAndSort((node) => nodes.push(node));
    if (!nodes.length) return;
    const at = nodes.findIndex((node) => isSelected(grid, node));
    const next = nodes[at < 0 ? 0 : Math.min(nodes.length - 1, Math.max(0, at + step))];
    const value = next.data[grid.field];
    const now = selection[grid.key];
    selection[grid.key] = Array.isArray(now) ? [value] : value;
    choose(grid.key, selection[grid.key]);
  }

  // ---- what is seen
  const seer = new IntersectionObserver((entries) => {
    for (const { target: panel, isIntersecting } of entries) {
      panel.toggleAttribute("data-seen", isIntersecting);
      if (isIntersecting) ask(panel);
    }
  });

  // ---- the arrangement
  function kept(desk) {
    try {
      return JSON.parse(localStorage.getItem(`desk ${desk}`)) || {};
    } catch {
      return {};
    }
  }

  function keep(desk, change) {
    try {
      localStorage.setItem(`desk ${desk}`, JSON.stringify({ ...kept(desk), ...change }));
    } catch {
      // A browser that keeps nothing shows the usual arrangement each time.
    }
  }

  const deskOf = (element) => element.closest(".desk").dataset.desk;
  const resized = () => window.dispatchEvent(new Event("resize"));

  function gutter(isRow) {
    const bar = document.createElement("div");
    bar.className = `gutter gutter-${isRow ? "row" : "column"}`;
    bar.tabIndex = 0;
    bar.setAttribute("role", "separator");
    bar.setAttribute("aria-orientation", isRow ? "vertical" : "horizontal");
    bar.setAttribute("aria-label", "Border of panels: arrow keys move it");
    bar.setAttribute("aria-valuenow", "50");
    return bar;
  }

  function divide(box) {
    const isRow = box.classList.contains("split-row");
    const parts = [...box.children].filter((one) => !one.classList.contains("gutter"));
    const shown = parts.filter((one) => !one.classList.contains("gone"));
    box.neuroboardSplit?.destroy();
    box.neuroboardSplit = null;
    if (shown.length < 2) return;
    const usual = box.dataset.sizes.split(",").map(Number);
    const mine = kept(deskOf(box)).sizes?.[box.dataset.split];
    const from = mine?.length === parts.length ? mine : usual;
    const some = shown.map((one) => from[parts.indexOf(one)]);
    const whole = some.reduce((sum, one) => sum + one, 0);
    const total = isRow ? box.clientWidth : box.clientHeight;
    const least = Math.min(LEAST_PX, Math.floor(total / shown.length) - GUTTER_PX);
    const split = window.Split(shown, {
      sizes: some.map((one) => (100 * one) / whole),
      minSize: least,
      gutterSize: GUTTER_PX,
      snapOffset: 0,
      direction: isRow ? "horizontal" : "vertical",
      gutter: () => gutter(isRow),
      onDragEnd: (sizes) => {
        if (shown.length === parts.length) {
          const all = { ...kept(deskOf(box)).sizes, [box.dataset.split]: sizes };
          keep(deskOf(box), { sizes: all });
        }
        resized();
      },
    });
    box.neuroboardSplit = split;
    const bars = [...box.children].filter((one) => one.classList.contains("gutter"));
    bars.forEach((bar, i) => {
      bar.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -2, ArrowUp: -2, ArrowRight: 2, ArrowDown: 2 }[event.key];
        if (!step) return;
        event.preventDefault();
        const sizes = split.getSizes();
        const floor = (100 * least) / total;
        const moved = Math.max(floor - sizes[i], Math.min(sizes[i + 1] - floor, step));
        sizes[i] += moved;
        sizes[i + 1] -= moved;
        split.setSizes(sizes);
        bar.setAttribute("aria-valuenow", String(Math.round(sizes[i])));
        resized();
      });
      bar.addEventListener("dblclick", () => {
        const all = { ...kept(deskOf(box)).sizes };
        delete all[box.dataset.split];
        keep(deskOf(box), { sizes: all });
        divide(box);
        resized();
      });
    });
  }

  const wide = window.matchMedia("(min-width: 1000px)");

  // What holds no shown panel takes no room.
  function settle(desk) {
    const hidden = kept(desk.dataset.desk).hidden || [];
    for (const panel of desk.querySelectorAll(".panel")) {
      panel.classList.toggle("gone", hidden.includes(panel.dataset.name));
    }
    for (const slot of desk.querySelectorAll(".slot")) {
      const panels = [...slot.querySelectorAll(":scope > .panel")];
      const left = panels.filter((one) => !one.classList.contains("gone"));
      slot.classList.toggle("gone", !left.length);
      for (const tab of slot.querySelectorAll(".slot-tab")) {
        tab.hidden = !left.some((one) => one.dataset.name === tab.dataset.shows);
      }
      if (left.length && left.every((one) => one.hidden)) show(slot, left[0].dataset.name);
    }
    const boxes = [...desk.querySelectorAll(".split")].reverse();
    for (const box of boxes) {
      const inner = [...box.children].filter((one) => !one.classList.contains("gutter"));
      box.classList.toggle("gone", inner.every((one) => one.classList.contains("gone")));
    }
    for (const box of boxes.reverse()) {
      if (wide.matches) divide(box);
      else {
        box.neuroboardSplit?.destroy();
        box.neuroboardSplit = null;
      }
    }
    resized();
  }

  function show(slot, name) {
    for (const panel of slot.querySelectorAll(":scope > .panel")) {
      panel.hidden = panel.dataset.name !== name;
    }
    for (const tab of slot.querySelectorAll(".slot-tab")) {
      tab.setAttribute("aria-selected", String(tab.dataset.shows === name));
      tab.tabIndex = tab.dataset.shows === name ? 0 : -1;
    }
    resized();
  }

  function front(panel) {
    const desk = panel.closest(".desk");
    const is = panel.classList.contains("front");
    for (const one of desk.querySelectorAll(".front")) one.classList.remove("front");
    desk.classList.toggle("has-front", !is);
    panel.classList.toggle("front", !is);
    resized();
  }

  function hide(panel) {
    const desk = panel.closest(".desk");
    const hidden = kept(desk.dataset.desk).hidden || [];
    keep(desk.dataset.desk, { hidden: [...hidden, panel.dataset.name] });
    if (panel.classList.contains("front")) front(panel);
    settle(desk);
  }

  // A list of all panels, with a tick before those that are shown.
  function listPanels(button) {
    const desk = document.querySelector(".desk");
    if (!desk) return;
    const hidden = () => kept(desk.dataset.desk).hidden || [];
    const list = dialog("Panels");
    for (const panel of desk.querySelectorAll(".panel")) {
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = !hidden().includes(panel.dataset.name);
      box.addEventListener("change", () => {
        const others = hidden().filter((name) => name !== panel.dataset.name);
        keep(desk.dataset.desk, { hidden: box.checked ? others : [...others, panel.dataset.name] });
        settle(desk);
      });
      label.append(box, ` ${panel.dataset.title}`);
      list.append(label);
    }
    const usual = document.createElement("button");
    usual.textContent = "Usual arrangement";
    usual.className = "button";
    usual.addEventListener("click", () => {
      localStorage.removeItem(`desk ${desk.dataset.desk}`);
      settle(desk);
      list.closest("dialog").close();
    });
    list.append(usual);
    list.closest("dialog").showModal();
    button?.blur();
  }

  function dialog(title) {
    document.querySelector("dialog.desk-dialog")?.remove();
    const box = document.createElement("dialog");
    box.className = "desk-dialog";
    box.setAttribute("aria-label", title);
    const head = document.createElement("h2");
    head.textContent = title;
    const list = document.createElement("div");
    list.className = "desk-list";
    const close = document.createElement("button");
    close.textContent = "Close";
    close.className = "button";
    close.addEventListener("click", () => box.close());
    box.addEventListener("close", () => box.remove());
    box.append(head, list, close);
    document.body.append(box);
    return list;
  }

  // ---- keys
  const ALWAYS = [
    ["j, k", "next and previous row of the table"],
    ["Escape", "panel back to its place"],
    ["Ctrl+K", "find a page, a workspace or an action"],
    ["?", "these keys"],
  ];

  function listKeys() {
    const list = dialog("Keys");
    const table = document.createElement("table");
    const line = (key, what) => {
      const row = table.insertRow();
      const name = document.createElement("kbd");
      name.textContent = key;
      row.insertCell().append(name);
      row.insertCell().textContent = what;
    };
    for (const box of document.querySelectorAll("[data-key]")) {
      if (box.getClientRects().length) {
        line(box.dataset.key, (box.querySelector("button, a") || box).textContent.trim());
      }
    }
    for (const [key, what] of ALWAYS) line(key, what);
    list.append(table);
    list.closest("dialog").showModal();
  }

  function isTyping(element) {
    return element?.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element?.tagName || "");
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open], [role=dialog]:not([aria-modal=false])")) return;
    // A page may have a list of its own keys.
    if (event.key === "?" && document.querySelector('[data-key="?"]')) return;
    if (event.key === "?") listKeys();
    else if (event.key === "Escape") {
      const panel = document.querySelector(".panel.front");
      if (panel) front(panel);
    } else if ((event.key === "j" || event.key === "k") && document.querySelector(".workspace")) {
      turn(event.key === "j" ? 1 : -1);
    } else return;
    event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const at = event.target.closest?.(".panel-front, .panel-hide, .slot-tab, #desk-panels");
    if (!at) return;
    if (at.classList.contains("panel-front")) front(at.closest(".panel"));
    else if (at.classList.contains("panel-hide")) hide(at.closest(".panel"));
    else if (at.classList.contains("slot-tab")) show(at.closest(".slot"), at.dataset.shows);
    else listPanels(at);
  });

  // Behind the (i) of a panel with several figures stand the captions of all of them.
  document.addEventListener("toggle", (event) => {
    const help = event.target;
    if (!help.open || !help.matches?.(".panel-help")) return;
    for (const other of document.querySelectorAll(".panel-help[open]")) {
      if (other !== help) other.open = false;
    }
    if (!help.classList.contains("of-captions")) return;
    const captions = help.closest(".panel").querySelectorAll(".panel-body figcaption");
    help.querySelector(".captions")?.remove();
    const words = document.createElement("div");
    words.className = "captions";
    for (const one of captions) {
      const part = document.createElement("div");
      part.append(...one.cloneNode(true).childNodes);
      words.append(part);
    }
    help.append(words);
  }, true);

  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.(".slot-tab");
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!tab || !step) return;
    const tabs = [...tab.parentElement.querySelectorAll(".slot-tab:not([hidden])")];
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    show(tab.closest(".slot"), next.dataset.shows);
    next.focus();
  });

  // ---- a page that was just opened
  new MutationObserver(() => {
    for (const desk of document.querySelectorAll(".desk:not([data-ready])")) {
      desk.dataset.ready = "yes";
      for (const panel of desk.querySelectorAll(".panel")) seer.observe(panel);
      settle(desk);
    }
    for (const box of document.querySelectorAll(".desk-grid:not([data-ready])")) {
      box.dataset.ready = "yes";
      markRows(box);
    }
  }).observe(document.documentElement, { childList: true, subtree: true });
  wide.addEventListener("change", () => {
    for (const desk of document.querySelectorAll(".desk[data-ready]")) settle(desk);
  });
})();
