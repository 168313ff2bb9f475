// The admin works without this script. With it, words between commas become tags, files are dropped and their upload
// shows its progress, and the parts of the theme that scripts create get the names that screen readers need.
{
const make = (tag, values = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), values);
  element.append(...children);
  return element;
};

// Words between commas as tags. The input stays in the form, hidden, and always has the text that is sent.
function addTags(input) {
  if (input.dataset.ready) return;
  input.dataset.ready = "1";
  const words = () => input.value.split(",").map((word) => word.trim()).filter(Boolean);
  const box = make("div", { className: "tags" });
  const list = make("datalist", { id: `${input.id}_words` }, ...JSON.parse(input.dataset.words).map((value) => make("option", { value })));
  const entry = make("input", { type: "text", id: `${input.id}_entry`, className: input.className });
  entry.setAttribute("list", list.id);
  const label = document.querySelector(`label[for="${input.id}"]`);
  if (label) label.htmlFor = entry.id;
  else entry.setAttribute("aria-label", input.getAttribute("aria-label") ?? input.name);
  const save = (all) => { input.value = [...new Set(all)].join(", "); show(); };
  const show = () => box.replaceChildren(...words().map((word) => {
    const remove = make("button", { type: "button", textContent: "×", onclick: () => { save(words().filter((other) => other !== word)); entry.focus(); } });
    remove.setAttribute("aria-label", `Remove ${word}`);
    return make("span", { className: "tag" }, word, remove);
  }));
  const take = () => { if (entry.value.trim()) save([...words(), ...entry.value.split(",").map((word) => word.trim()).filter(Boolean)]); entry.value = ""; };
  entry.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === ",") { event.preventDefault(); take(); }
    else if (event.key === "Backspace" && !entry.value) save(words().slice(0, -1));
  });
  entry.addEventListener("change", take);
  input.type = "hidden";
  input.after(box, entry, list);
  show();
}

// Files that are dropped on the form, and the progress of their upload.
function addUpload(form) {
  const input = form.querySelector("input[type=file]");
  const name = make("p", { textContent: "Drop a file here, or choose one." });
  const progress = make("progress", { max: 100, value: 0, hidden: true });
  progress.setAttribute("aria-label", "Upload");
  const status = make("p", {});
  status.setAttribute("role", "status");
  const area = make("div", { className: "drop" }, name, progress, status);
  input.closest("div.mb-4").before(area);
  const chosen = () => { name.textContent = input.files[0] ? input.files[0].name : "Drop a file here, or choose one."; };
  input.addEventListener("change", chosen);
  for (const kind of ["dragover", "dragleave", "drop"]) {
    form.addEventListener(kind, (event) => { event.preventDefault(); area.classList.toggle("over", kind === "dragover"); });
  }
  form.addEventListener("drop", (event) => { if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; chosen(); } });
  form.addEventListener("submit", (event) => { if (input.files[0]) { event.preventDefault(); send(form, progress, status); } });
}

function send(form, progress, status) {
  const request = new XMLHttpRequest();
  const button = form.querySelector("button[type=submit], button:not([type])");
  button.disabled = true;
  progress.hidden = false;
  request.upload.onprogress = (event) => {
    progress.value = event.total ? (100 * event.loaded) / event.total : 0;
    status.textContent = event.loaded === event.total ? "The hub checks the file…" : `${Math.floor(progress.value)} %`;
  };
  request.onload = () => {
    if (request.status === 201) { location.assign(JSON.parse(request.responseText).url); return; }
    const page = new DOMParser().parseFromString(request.responseText, "text/html"); // the form again, with its errors
    const again = page.querySelector("form[data-upload]");
    if (again) { form.replaceWith(again); addUpload(again); } else { status.textContent = `The upload failed with status ${request.status}. Try again.`; button.disabled = false; }
  };
  request.onerror = () => { status.textContent = "The connection was lost. Check it, and send the file again."; button.disabled = false; };
  request.open("POST", form.action || location.href);
  request.setRequestHeader("Accept", "application/json, text/html");
  request.send(new FormData(form));
}

// Names for what the scripts of the theme and of Django create without one.
function nameParts(root) {
  for (const select of root.querySelectorAll("select.select2-hidden-accessible")) {
    const text = document.querySelector(`label[for="${select.id}"]`)?.textContent.trim() || select.getAttribute("aria-label") || select.name;
    const parts = select.nextElementSibling?.querySelectorAll("[role=combobox], [role=textbox], .select2-search__field") ?? [];
    for (const part of parts) part.setAttribute("aria-label", text.replace("*", ""));
    for (const rendered of select.nextElementSibling?.querySelectorAll("[role=combobox]") ?? []) rendered.removeAttribute("aria-labelledby");
  }
  for (const cell of root.querySelectorAll("[data-label]")) cell.dataset.label = cell.dataset.label.charAt(0).toUpperCase() + cell.dataset.label.slice(1);
  for (const icon of root.querySelectorAll("span.help-tooltip[aria-label]")) icon.setAttribute("role", "img");
  for (const header of root.querySelectorAll("th")) if (!header.textContent.trim() && !header.children.length) header.setAttribute("role", "presentation");
  root.querySelectorAll(".simplebar-content-wrapper").forEach((region, place) => region.setAttribute("aria-label", `Scrollable content ${place + 1}`));
}

addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("input[data-words]").forEach(addTags);
  document.querySelectorAll("form[data-upload]").forEach(addUpload);
});
// Those scripts start at different times, and rows of inline tables are added later.
addEventListener("load", () => {
  let isWaiting = false;
  const look = () => { isWaiting = false; nameParts(document); document.querySelectorAll("input[data-words]").forEach(addTags); };
  const observer = new MutationObserver(() => { if (!isWaiting) { isWaiting = true; requestAnimationFrame(look); } });
  observer.observe(document.body, { childList: true, subtree: true });
  look();
});
}
