// Ctrl+K finds pages, workspaces and what can be pressed on this page.
(function () {
  const MOST = 12;
  let places = [];
  let asked = 0;

  async function ask() {
    if (Date.now() - asked < 5000) return;
    asked = Date.now();
    try {
      const answer = await fetch("/places.json", { headers: { accept: "application/json" } });
      if (answer.ok) places = await answer.json();
    } catch {
      // What was found before is still offered.
    }
  }

  function actions() {
    return [...document.querySelectorAll("[data-key]")]
      .filter((box) => box.getClientRects().length)
      .map((box) => [box, box.querySelector("button, a")])
      .filter(([, button]) => button && !button.disabled)
      .map(([box, button]) => ({
        title: button.textContent.trim(),
        kind: `key ${box.dataset.key}`,
        press: () => button.click(),
      }));
  }

  function matches(item, words) {
    const text = `${item.title} ${item.kind}`.toLowerCase();
    return words.every((word) => text.includes(word));
  }

  function open() {
    if (document.querySelector("dialog[open]")) return;
    const box = document.createElement("dialog");
    box.className = "desk-dialog find";
    box.setAttribute("aria-label", "Find");
    const field = document.createElement("input");
    field.type = "text";
    field.placeholder = "A page, a workspace or an action";
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-label", "Find a page, a workspace or an action");
    field.setAttribute("aria-expanded", "true");
    field.setAttribute("aria-controls", "find-list");
    const list = document.createElement("ul");
    list.id = "find-list";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Found");
    const none = document.createElement("p");
    none.className = "hint";
    none.setAttribute("role", "status");
    box.append(field, list, none);
    let shown = [];
    let at = 0;

    function go(item) {
      box.close();
      const { pathname, hash } = window.location;
      if (item.press) item.press();
      else if (hash && item.href === pathname + hash) {
        window.dash_clientside.neuroboard.focusNew(null, hash); // for the address stays
      } else window.location.assign(item.href);
    }

    function mark() {
      [...list.children].forEach((line, i) => line.setAttribute("aria-selected", String(i === at)));
      const line = list.children[at];
      if (line) field.setAttribute("aria-activedescendant", line.id);
      else field.removeAttribute("aria-activedescendant");
      line?.scrollIntoView({ block: "nearest" });
    }

    function draw() {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      shown = [...actions(), ...places].filter((one) => matches(one, words)).slice(0, MOST);
      at = 0;
      list.replaceChildren(
        ...shown.map((item, i) => {
          const line = document.createElement("li");
          line.id = `find-${i}`;
          line.setAttribute("role", "option");
          const kind = document.createElement("span");
          kind.className = "hint";
          kind.textContent = item.kind;
          line.append(item.title, kind);
          line.addEventListener("click", () => go(item));
          return line;
        }),
      );
      none.textContent = shown.length ? "" : "Nothing is called so.";
      mark();
    }

    field.addEventListener("input", draw);
    field.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && shown.length) at = (at + step + shown.length) % shown.length;
      else if (event.key === "Enter" && shown[at]) go(shown[at]);
      else return;
      event.preventDefault();
      mark();
    });
    box.addEventListener("close", () => box.remove());
    document.body.append(box);
    box.showModal();
    draw();
    ask().then(draw);
  }

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#find-open")) open();
  });
})();
