// Enhancement only: without script the digests can be selected and copied by hand.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = document.documentElement.dataset.copied;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}
// The share sheet of the system if there is one, or else the clipboard.
for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share && !navigator.clipboard) break;
  button.hidden = false;
  const text = button.querySelector("span"), label = text.textContent;
  button.addEventListener("click", async () => {
    const { share: url, title } = button.dataset;
    if (navigator.share) return navigator.share({ url, title }).catch(() => {}); // the visitor closed the sheet
    await navigator.clipboard.writeText(url);
    text.textContent = document.documentElement.dataset.copied;
    setTimeout(() => { text.textContent = label; }, 2000);
  });
}
// An iPad introduces itself as a Mac. Only its touch screen tells them apart.
if (navigator.maxTouchPoints > 1) {
  for (const notice of document.querySelectorAll(".tablet")) notice.hidden = false;
}
// A menu closes when the focus or a click leaves it.
for (const kind of ["click", "focusin"]) {
  document.addEventListener(kind, (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
}
// A toast closes itself, but never while someone reads it with the pointer or the focus on it.
const TOAST_MS = 12000, TOAST_GRACE_MS = 3000;
for (const toast of document.querySelectorAll(".toasts .toast")) {
  const button = toast.querySelector(".close");
  button.hidden = false;
  button.addEventListener("click", () => toast.remove());
  setTimeout(function close() {
    if (toast.matches(":hover, :focus-within")) setTimeout(close, TOAST_GRACE_MS);
    else toast.remove();
  }, TOAST_MS);
}
// A double click sends a form once, and its button shows that it is being sent. A form whose answer is a file leaves its
// page open, so it can be sent again later.
const SENDING_MS = 10000, sending = new Map();
function allowAgain(form) {
  sending.get(form)?.removeAttribute("aria-busy");
  sending.delete(form);
}
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (sending.has(form)) return event.preventDefault();
  sending.set(form, event.submitter);
  event.submitter?.setAttribute("aria-busy", "true");
  setTimeout(allowAgain, SENDING_MS, form);
});
addEventListener("pageshow", (event) => {
  if (event.persisted) [...sending.keys()].forEach(allowAgain); // the visitor went back
});
// The next pages show times in the time zone of the browser. Without script, they are in UTC.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`releasehub_browser_zone=${zone}`)) {
  document.cookie = `releasehub_browser_zone=${zone}; path=/; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
}
// The exact moment of a date, in the time zone of the visitor, is its tooltip.
const exactFormat = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
for (const element of document.querySelectorAll("time[datetime*='T']")) {
  element.title ||= exactFormat.format(new Date(element.dateTime));
}
// On a narrow screen, the current tab or section of the account may be outside the visible part of the list.
for (const tab of document.querySelectorAll(".tabs [aria-current], .account-nav [aria-current]")) {
  const list = tab.closest("ul");
  list.scrollLeft = Math.max(0, tab.offsetLeft + tab.offsetWidth - list.clientWidth);
}
// The slash key moves the focus to the search field, as on other sites with a search.
document.addEventListener("keydown", (event) => {
  const field = document.getElementById("q");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !field) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  field.focus();
  field.select();
});
