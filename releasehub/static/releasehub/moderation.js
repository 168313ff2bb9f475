// Keys of the moderation queue. Everything works without them, by the buttons.
const items = [...document.querySelectorAll(".hub-item")];
const WRITES = "input:not([type=checkbox]), textarea, select";

function current() {
  return document.activeElement?.closest(".hub-item");
}
function go(step) {
  const place = items.indexOf(current());
  items[place < 0 ? 0 : Math.min(Math.max(place + step, 0), items.length - 1)]?.focus();
}
function reject(item) {
  const note = item.querySelector("textarea");
  if (note.value.trim()) {
    item.querySelector("button[value=reject]").click();
  } else {
    note.focus();
  }
}
const ACTIONS = {
  j: () => go(1),
  k: () => go(-1),
  x: (item) => item.querySelector("input[type=checkbox]").click(),
  a: (item) => item.querySelector("button[value=approve]").click(),
  r: reject,
};
document.addEventListener("keydown", (event) => {
  const item = current();
  if (event.key === "Escape" && item) {
    item.focus(); // leaves the note, so that the keys work again
    return;
  }
  const action = ACTIONS[event.key];
  if (!action || event.ctrlKey || event.metaKey || event.altKey || event.target.matches(WRITES)) {
    return;
  }
  if (item || "jk".includes(event.key)) {
    event.preventDefault();
    action(item);
  }
});
