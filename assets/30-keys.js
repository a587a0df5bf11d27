// Keys press the buttons and links that carry their name in data-key; the page itself knows no keys.
// Presses wait for each other: a label must not land on the unit of the press before.
(function () {
  const QUIET_MS = 80;
  const waiting = [];
  let pressed = 0;
  let timer = 0;

  function isTyping(element) {
    if (!element || !element.tagName) return false;
    if (element.isContentEditable || /^(TEXTAREA|SELECT)$/.test(element.tagName)) return true;
    const kind = (element.getAttribute("type") || "text").toLowerCase();
    return element.tagName === "INPUT" && !/^(button|checkbox|radio|range)$/.test(kind);
  }

  function nameOf(event) {
    if (event.altKey) return "";
    if (event.ctrlKey || event.metaKey) {
      const key = event.key.toLowerCase();
      return key === "z" ? (event.shiftKey ? "y" : "z") : key === "y" ? "y" : "";
    }
    return event.key.length === 1 ? event.key.toLowerCase() : "";
  }

  function buttonOf(key) {
    const box = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    return box && box.getClientRects().length ? box.querySelector("button, a") : null;
  }

  function pump() {
    clearTimeout(timer);
    const busy = document.querySelector(".busy") || Date.now() - pressed < QUIET_MS;
    if (waiting.length && !busy) {
      const button = buttonOf(waiting.shift());
      if (button && !button.disabled) {
        pressed = Date.now();
        button.click();
      }
    }
    if (waiting.length) timer = setTimeout(pump, 20);
  }

  document.addEventListener("keydown", (event) => {
    const key = nameOf(event);
    if (!key || isTyping(event.target) || document.querySelector('[role="dialog"]:not([aria-modal="false"])')) return;
    if (!buttonOf(key)) return;
    event.preventDefault();
    waiting.push(key);
    pump();
  });
})();
