// Controls that select without a round trip to the server: they say what in their data attributes.
//   data-chooses="KEY" data-value="JSON"   a button: this is selected when it is pressed
//   ... and data-first="VALUE"             only while that is the first of what is selected
//   data-chooses="KEY" data-step="1"       a button: the next number, or with -1 the one before
//   data-chooses="KEY"                     a list: its choice is selected
(function () {
  const choose = (key, data) =>
    window.dash_clientside.set_props({ type: "chosen", key }, { data });

  document.addEventListener("click", (event) => {
    const at = event.target.closest?.("button[data-chooses]");
    if (!at) return;
    const { chooses, value, step, first } = at.dataset;
    const chosen = new URLSearchParams(window.location.search).get(chooses);
    // Another was chosen, and what stands there about the one before is about to be replaced.
    if (first !== undefined && chosen && chosen.split(",")[0] !== first) return;
    if (value !== undefined) choose(chooses, JSON.parse(value));
    else {
      const now = Number(chosen) || 0;
      choose(chooses, Math.max(0, now + Number(step)));
    }
  });

  document.addEventListener("change", (event) => {
    const list = event.target.closest?.("select[data-chooses]");
    if (list) choose(list.dataset.chooses, list.value);
  });
})();
