// Markdown fields: a preview while an author types, and release notes from a CHANGELOG file that is dropped on them.
const DELAY_MS = 400;

for (const area of document.querySelectorAll("textarea[data-preview]")) {
  addPreview(area);
  area.addEventListener("dragover", (event) => event.preventDefault());
  area.addEventListener("drop", (event) => {
    const file = event.dataTransfer.files[0];
    if (!file) return;
    event.preventDefault();
    readNotes(area, file);
  });
}

function addPreview(area) {
  const box = document.createElement("div");
  box.className = "prose preview";
  box.hidden = !area.value;
  area.after(box);
  let timer = 0;
  const show = async () => {
    const body = new FormData();
    body.set("text", area.value);
    body.set("csrfmiddlewaretoken", area.form.querySelector("[name=csrfmiddlewaretoken]").value);
    const response = await fetch(area.form.dataset.previewUrl, { method: "POST", body }).catch(() => null);
    box.hidden = !area.value;
    if (response?.ok && !response.redirected) box.innerHTML = await response.text(); // the server has cleaned it
  };
  area.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, DELAY_MS); });
  if (area.value) show();
}

// Take the section of the version out of a changelog; a file without such a section is taken as a whole.
async function readNotes(area, file) {
  const content = (await file.text()).replace(/^\uFEFF/, "");
  const number = area.form.elements[area.dataset.changelog]?.value.replace(/^v/, "");
  area.value = (number && sectionOf(content, number)) || content;
  area.dispatchEvent(new Event("input"));
}

function sectionOf(content, number) {
  const lines = content.split(/\r?\n/);
  const level = (line) => /^#{1,6} /.test(line) ? line.indexOf(" ") : 0;
  const names = (line) => line.split(/[^0-9A-Za-z.+-]+/).some((word) => word.replace(/^v/, "") === number);
  const first = lines.findIndex((line) => level(line) && names(line));
  if (first < 0) return "";
  const end = lines.findIndex((line, place) => place > first && level(line) && level(line) <= level(lines[first]));
  return lines.slice(first + 1, end < 0 ? undefined : end).join("\n").trim();
}
