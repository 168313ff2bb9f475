// Markdown fields: a preview while an author types, pictures that are pasted or dropped, and release notes from a
// CHANGELOG file that is dropped on them.
const DELAY_MS = 400;
let pictureCount = 0;

for (const area of document.querySelectorAll("textarea[data-preview]")) {
  addPreview(area);
  area.addEventListener("dragover", (event) => event.preventDefault());
  area.addEventListener("drop", (event) => {
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    if (file.type.startsWith("image/")) insertPictures(area, event.dataTransfer);
    else readNotes(area, file);
  });
  area.addEventListener("paste", (event) => {
    if (insertPictures(area, event.clipboardData)) event.preventDefault();
  });
}

// Store each picture, and put a reference to it where the cursor is. Return whether there was any.
function insertPictures(area, transfer) {
  const pictures = [...transfer.files].filter((file) => file.type.startsWith("image/"));
  if (area.form.dataset.pictureUrl) for (const picture of pictures) insertPicture(area, picture);
  return pictures.length > 0;
}

async function insertPicture(area, picture) {
  const texts = area.form.dataset;
  const name = picture.name.replace(/\.\w+$/, "").replace(/[[\]\\]/g, "");
  pictureCount += 1;
  const waiting = `![${texts.textSending} ${pictureCount}]()`;
  area.setRangeText(waiting, area.selectionStart, area.selectionEnd, "end");
  const body = new FormData();
  body.set("csrfmiddlewaretoken", area.form.querySelector("[name=csrfmiddlewaretoken]").value);
  body.set("kind", "inline");
  body.set("file", picture);
  const options = { method: "POST", body, headers: { Accept: "application/json" } };
  const response = await fetch(texts.pictureUrl, options).catch(() => null);
  const answer = await response?.json().catch(() => null);
  const place = area.value.indexOf(waiting);
  if (place < 0) return; // the author has deleted the text meanwhile
  const result = answer?.path ? `![${name}](${answer.path})` : `[${picture.name}: ${answer?.message || texts.textFailed}]`;
  area.setRangeText(result, place, place + waiting.length, "preserve");
  area.dispatchEvent(new Event("input"));
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
    const response = await fetch(area.form.dataset.previewUrl ?? area.dataset.preview, { method: "POST", body }).catch(() => null);
    box.hidden = !area.value;
    if (response?.ok && !response.redirected) box.innerHTML = await response.text(); // the server has cleaned it
  };
  area.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, DELAY_MS); });
  if (area.value) show();
}

// Take the section of the version out of a changelog; a file without such a section is taken as a whole.
async function readNotes(area, file) {
  const bytes = await file.arrayBuffer();
  const [first, second] = new Uint8Array(bytes);
  // PowerShell and Notepad write UTF-16, which begins with a mark of its byte order. The decoder removes the mark.
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const encoding = isUtf16 ? (first === 0xff ? "utf-16le" : "utf-16be") : "utf-8";
  const content = new TextDecoder(encoding).decode(bytes);
  const number = area.form.elements[area.dataset.changelog]?.value.replace(/^v/, "");
  area.value = (number && sectionOf(content, number)) || content;
  area.dispatchEvent(new Event("input"));
}

function sectionOf(content, number) {
  // Headings that are underlined, as in many changelogs of Python and Ruby, are rewritten: 1.4.0, ===== to # 1.4.0.
  const plain = content.replace(/^(?![#>\s-])(.+)\r?\n(=|-)\2+[ \t]*$/gm, (all, title, line) => `${line === "=" ? "#" : "##"} ${title}\n`);
  const lines = plain.split(/\r?\n/);
  let isCode = false; // where "# " begins a comment
  const levels = lines.map((line) => {
    if (/^ {0,3}(```|~~~)/.test(line)) isCode = !isCode;
    return !isCode && /^#{1,6} /.test(line) ? line.indexOf(" ") : 0;
  });
  const names = (line) => line.split(/[^0-9A-Za-z.+-]+/).some((word) => word.replace(/^v/, "") === number);
  const first = lines.findIndex((line, place) => levels[place] && names(line));
  if (first < 0) return "";
  const end = levels.findIndex((level, place) => place > first && level && level <= levels[first]);
  return lines.slice(first + 1, end < 0 ? undefined : end).join("\n").trim();
}
