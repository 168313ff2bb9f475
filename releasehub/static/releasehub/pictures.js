// Pictures by drop and by paste: the picture lands in the file field of the form, with a small preview. Several pictures
// that are dropped at once are sent right away. Without this script, people choose a file.
const PREVIEW_PIXELS = 120;

for (const input of document.querySelectorAll("input[type=file][data-drop]")) {
  const area = input.closest(".drop");
  const preview = document.createElement("canvas");
  preview.className = "thumbnail";
  preview.hidden = true;
  preview.setAttribute("role", "img");
  input.after(preview);
  input.addEventListener("change", () => show(input, preview));
  for (const kind of ["dragover", "dragenter"]) {
    area.addEventListener(kind, (event) => { event.preventDefault(); area.classList.add("over"); });
  }
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    take(input, picturesIn(event.dataTransfer));
  });
  document.addEventListener("paste", (event) => {
    const pictures = picturesIn(event.clipboardData);
    if (!pictures.length || event.defaultPrevented) return;
    event.preventDefault();
    take(input, pictures);
  });
}

function picturesIn(transfer) {
  return [...transfer.files].filter((file) => file.type.startsWith("image/"));
}

function take(input, pictures) {
  if (pictures.length > 1 && input.dataset.drop === "several") return sendAll(input.form, pictures);
  if (!pictures.length) return undefined;
  const chosen = new DataTransfer();
  chosen.items.add(pictures[0]);
  input.files = chosen.files;
  input.dispatchEvent(new Event("change"));
  return undefined;
}

// A canvas needs no URL, which the content security policy would refuse.
async function show(input, preview) {
  const bitmap = input.files[0] && (await createImageBitmap(input.files[0]).catch(() => null));
  preview.hidden = !bitmap;
  if (!bitmap) return;
  const scale = Math.min(1, PREVIEW_PIXELS / Math.max(bitmap.width, bitmap.height));
  preview.width = Math.max(1, bitmap.width * scale);
  preview.height = Math.max(1, bitmap.height * scale);
  preview.setAttribute("aria-label", input.files[0].name);
  preview.getContext("2d").drawImage(bitmap, 0, 0, preview.width, preview.height);
}

async function sendAll(form, pictures) {
  const problems = [];
  for (const picture of pictures) {
    const body = new FormData();
    for (const name of ["csrfmiddlewaretoken", "kind"]) body.set(name, form.elements[name].value);
    body.set("file", picture);
    const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
    if (!response?.ok) problems.push(`${picture.name}: ${(await response?.json().catch(() => null))?.message || form.dataset.textFailed}`);
  }
  if (!problems.length) location.reload();
  else form.querySelector("[data-problems]").textContent = problems.join(" ");
}
