// The set-up drawer: fields that are not at their default are marked and put back, presets fill
// several at once and say what they changed, a search finds what is folded away.
window.dash_clientside = window.dash_clientside || {};
(function () {
  const setProps = (id, props) => window.dash_clientside.set_props(id, props);
  let known = { bench: "", values: {}, usual: {} };

  // A number may be typed as text, and what is empty be nothing: both say the same.
  function text(value) {
    if (value === null || value === undefined) return "";
    return Array.isArray(value) ? value.join("\u0000") : String(value);
  }
  const same = (one, other) => text(one) === text(other);
  const id = (name) => ({ type: "parameter", bench: known.bench, name });
  const shown = (value) => (text(value) === "" ? "empty" : text(value).replaceAll("\u0000", ", "));

  function fill(values) {
    for (const [name, value] of Object.entries(values)) {
      if (!same(known.values[name], value)) setProps(id(name), { value });
    }
  }

  function markPresets() {
    for (const button of document.querySelectorAll(".preset")) {
      const wanted = Object.entries(JSON.parse(button.dataset.preset));
      const is = wanted.every(([name, value]) => same(known.values[name], value));
      button.setAttribute("aria-pressed", String(is && button.dataset.chosen === "yes"));
    }
  }

  window.dash_clientside.setup = {
    marked(values, ids, usual) {
      const now = Object.fromEntries(ids.map((one, i) => [one.name, values[i]]));
      known = { bench: ids[0]?.bench, values: now, usual };
      let count = 0;
      for (const field of document.querySelectorAll(".field")) {
        const name = field.dataset.field;
        if (!(name in usual) || !(name in now)) continue;
        const changed = !same(now[name], usual[name]);
        field.classList.toggle("changed", changed);
        count += changed;
      }
      // The desk beside it can be used meanwhile, also by its keys.
      theDrawer()?.setAttribute("aria-modal", "false");
      document.querySelector(".setup-changed")?.classList.toggle("none", !count);
      markPresets();
      return count === 0 ? "All at their defaults" : `${count} changed`;
    },
    // What a first look found, for fields that are still at their default.
    found(data) {
      if (!data || data.bench !== known.bench) return;
      const free = Object.entries(data.values).filter(([name]) => same(known.values[name], known.usual[name]));
      fill(Object.fromEntries(free));
    },
  };

  function choosePreset(button) {
    const box = button.closest(".setup-presets");
    const labels = JSON.parse(box.dataset.labels);
    const values = JSON.parse(button.dataset.preset);
    const changes = Object.entries(values)
      .filter(([name, value]) => !same(known.values[name], value))
      .map(([name, value]) => `${labels[name]} ${shown(value)} (was ${shown(known.values[name])})`);
    for (const one of box.querySelectorAll(".preset")) delete one.dataset.chosen;
    button.dataset.chosen = "yes";
    fill(values);
    if (!changes.length) markPresets();
    const said = changes.length ? `Changed: ${changes.join("; ")}.` : "All was set so already.";
    box.querySelector(".preset-said").textContent = `${said} ${button.dataset.why}`;
  }

  const theDrawer = () => document.querySelector(".setup-drawer [role=dialog]");
  const runButton = () => document.querySelector('.setup-foot button[id$="-run"]');

  document.addEventListener("click", (event) => {
    const at = event.target.closest?.("#desk-change, .preset, .to-usual, .all-usual");
    if (!at) return;
    if (at.id === "desk-change") enterDrawer();
    else if (at.classList.contains("preset")) choosePreset(at);
    else if (at.classList.contains("all-usual")) {
      fill(known.usual);
      runButton()?.focus(); // for the button that was pressed is gone
    } else {
      const field = at.closest(".field");
      fill({ [field.dataset.field]: known.usual[field.dataset.field] });
      field.querySelector("input, textarea")?.focus();
    }
  });

  // ---- a search among what is folded away
  function search(input) {
    const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const box = input.closest(".setup-folds");
    let any = false;
    for (const fold of box.querySelectorAll(".fold")) {
      let hits = 0;
      for (const field of fold.querySelectorAll(".field")) {
        const is = words.every((word) => field.dataset.words.includes(word));
        field.hidden = !is;
        hits += is;
      }
      if (words.length && fold.dataset.before === undefined) fold.dataset.before = fold.open;
      fold.hidden = !hits;
      if (words.length) fold.open = hits > 0;
      else if (fold.dataset.before !== undefined) {
        fold.open = fold.dataset.before === "true";
        delete fold.dataset.before;
      }
      any ||= hits > 0;
    }
    box.querySelector(".setup-none").hidden = any;
  }

  document.addEventListener("input", (event) => {
    if (event.target.closest?.(".setup-search")) search(event.target);
  });

  // Who called the drawer goes on within it, as soon as it is there.
  function enterDrawer(turns = 100) {
    const drawer = theDrawer();
    if (drawer?.querySelector(".setup-foot")) drawer.focus();
    if (document.activeElement !== drawer && turns) setTimeout(enterDrawer, 20, turns - 1);
  }

  // What was typed just now is taken up by the form a few turns of the browser later.
  function later(turns, act) {
    if (turns === 0) act();
    else setTimeout(() => later(turns - 1, act), 20);
  }

  // ---- keys: Ctrl+Enter runs what is set up
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.repeat || !(event.ctrlKey || event.metaKey)) return;
    later(8, () => {
      const run = runButton();
      if (run && !run.disabled) run.click();
    });
  });
})();
