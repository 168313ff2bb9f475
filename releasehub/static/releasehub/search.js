// Recent searches. They stay in this browser: nothing here sends them anywhere.
const STORE = "releasehub.searches", MAX_SEARCHES = 8, MIN_CHARACTERS = 2;
const field = document.getElementById("q"), section = document.getElementById("recent");

function read() {
  try {
    const stored = JSON.parse(localStorage.getItem(STORE) ?? "[]");
    return Array.isArray(stored) ? stored.filter((text) => typeof text === "string") : [];
  } catch {
    return []; // the storage is blocked, or holds something else
  }
}
function write(searches) {
  try {
    localStorage.setItem(STORE, JSON.stringify(searches));
  } catch {
    // Without storage, the search works as before.
  }
}
function remember() {
  const text = field.value.trim();
  if (text.length >= MIN_CHARACTERS) write([text, ...read().filter((other) => other !== text)].slice(0, MAX_SEARCHES));
}
function link(text) {
  const item = document.createElement("li"), anchor = document.createElement("a");
  anchor.className = "plain";
  anchor.href = `${field.form.action.split("?")[0]}?${new URLSearchParams({ q: text })}`;
  anchor.textContent = text;
  item.append(anchor);
  return item;
}
function show() {
  const searches = field.value.trim() ? [] : read();
  section.querySelector("ul").replaceChildren(...searches.map(link));
  section.hidden = searches.length === 0;
}
// The results of the address are on the page already. Browsers would add a second entry for it to the history.
function isShown() {
  const sent = new URL(field.form.action);
  sent.search = new URLSearchParams(new FormData(field.form));
  return sent.href === location.href;
}
field.form.addEventListener("submit", (event) => {
  remember();
  if (!isShown()) return;
  event.preventDefault();
  field.blur(); // closes the keyboard of a phone
});
document.getElementById("found").addEventListener("click", (event) => { if (event.target.closest("a")) remember(); });
field.addEventListener("input", show);
section.querySelector("button").addEventListener("click", () => { write([]); show(); field.focus(); });
show();
