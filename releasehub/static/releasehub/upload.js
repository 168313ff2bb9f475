// Uploads in parts, straight to the storage: with progress, pause, and a new start where a reload, a lost network, a
// sleeping computer or the end of the session stopped them. Of several tabs, one sends a file. Without this script, the form uploads one file with a plain request.
const form = document.getElementById("upload");
const list = document.getElementById("uploads");
const spoken = document.getElementById("upload-status");
const text = form.dataset;
const PARTS_PER_REQUEST = 20;
const MAX_WAIT_MS = 30_000;
const POLL_MS = 1000;
const STALL_MS = 120_000; // a connection that died while the computer slept may never report an error
const ANSWER_MS = 300_000;
const queue = [];
let isRunning = false;

class Ended extends Error {} // the server refused, so trying again is of no use
class SignedOut extends Error {} // the user can sign in again in another tab, and resume

async function call(url, body) {
  const options = { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(ANSWER_MS) };
  if (body !== undefined) {
    options.method = "POST";
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
    options.headers["X-CSRFToken"] = form.querySelector("[name=csrfmiddlewaretoken]").value;
  }
  const response = await fetch(url, options).catch(() => { throw new Error(text.textOffline); });
  const isJson = (response.headers.get("Content-Type") || "").startsWith("application/json");
  if (response.redirected || (response.ok && !isJson)) throw new SignedOut(text.textSignedOut);
  const answer = isJson ? await response.json() : {};
  if (response.ok) return answer;
  const message = answer.message || `${text.textFailed} (${response.status})`;
  throw response.status >= 500 && response.status !== 507 ? new Error(message) : new Ended(message);
}

const urlOf = (id, step = "") => text.upload.replace("ID", id) + step;
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

function element(name, className, content) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (content !== undefined) node.textContent = content;
  return node;
}

class Upload {
  constructor(file, row) {
    this.file = file;
    this.id = row ? row.dataset.id : "";
    this.isPaused = false;
    this.isCanceled = false;
    this.isWaiting = false; // for another tab, which sends the file
    this.request = null;
    this.row = row || list.appendChild(element("li"));
    this.draw();
  }

  draw() {
    this.bar = element("progress");
    this.bar.max = Math.max(this.file.size, 1);
    this.bar.value = 0;
    this.bar.setAttribute("aria-label", this.file.name);
    this.state = element("span", "meta", text.textWaiting);
    this.toggle = element("button", "", text.textPause);
    this.toggle.type = "button";
    this.toggle.setAttribute("aria-label", `${text.textPause}: ${this.file.name}`);
    this.toggle.addEventListener("click", () => this.setPaused(!this.isPaused));
    this.stop = element("button", "", text.textCancel);
    this.stop.type = "button";
    this.stop.setAttribute("aria-label", `${text.textCancel}: ${this.file.name}`);
    this.stop.addEventListener("click", () => this.cancel());
    this.row.replaceChildren(element("span", "file-name", this.file.name), this.state, this.bar, this.toggle, this.stop);
  }

  say(message, isFinal = false, isError = false) {
    this.state.textContent = message;
    this.state.classList.toggle("bad", isError);
    if (!isFinal) return;
    spoken.textContent = `${this.file.name}: ${message}`;
    this.bar.remove();
    this.toggle.remove();
    this.stop.remove();
  }

  setPaused(isPaused) {
    this.isPaused = isPaused;
    this.toggle.textContent = isPaused ? text.textResume : text.textPause;
    this.toggle.setAttribute("aria-label", `${this.toggle.textContent}: ${this.file.name}`);
    if (isPaused) {
      this.say(text.textPaused);
      this.request?.abort();
    } else {
      this.wake?.();
    }
  }

  async cancel() {
    this.isCanceled = true;
    this.request?.abort();
    this.wake?.();
    if (this.id && !this.isWaiting) await call(urlOf(this.id, "abort/"), {}).catch(() => {});
    this.say(text.textCanceled, true);
  }

  // Wait until the user resumes. Promise-based, because a pause may last for days.
  async whilePaused() {
    while (this.isPaused && !this.isCanceled) await new Promise((resolve) => { this.wake = resolve; });
    if (this.isCanceled) throw new Ended(text.textCanceled);
  }

  // Repeat a step until it succeeds: a lost network or a failing server costs time, never the upload.
  async repeat(step) {
    for (let wait = 500; ; wait = Math.min(wait * 2, MAX_WAIT_MS)) {
      await this.whilePaused();
      try {
        return await step();
      } catch (error) {
        if (error instanceof Ended || this.isCanceled) throw error;
        if (this.isPaused) continue;
        if (error instanceof SignedOut) {
          this.setPaused(true);
          this.say(error.message);
          await this.whilePaused();
          await refresh();
          continue;
        }
        this.say(navigator.onLine ? error.message || text.textOffline : text.textOffline);
        await Promise.race([pause(wait), new Promise((resolve) => { addEventListener("online", resolve, { once: true }); })]);
      }
    }
  }

  digest() {
    return new Promise((resolve) => {
      const worker = new Worker(text.worker);
      const finish = (value) => { worker.terminate(); resolve(value); };
      worker.onmessage = ({ data }) => finish(data.digest || "");
      worker.onerror = () => finish("");
      worker.postMessage(this.file);
    });
  }

  // The lock ends with its tab, even if the tab crashes. Browsers have locks on https and on localhost only; without
  // them, two tabs send the same parts, which is wasteful and does no harm.
  async run() {
    if (!navigator.locks) return this.send();
    const name = `${location.pathname} ${this.file.size} ${this.file.name}`;
    const isFree = await navigator.locks.request(name, { ifAvailable: true }, (lock) => lock && this.send().then(() => true));
    if (isFree) return undefined;
    this.isWaiting = true;
    this.say(text.textOtherTab);
    return navigator.locks.request(name, () => this.sendAfterOtherTab());
  }

  // The other tab began the upload, so the server knows the rest. A file that it stored needs nothing any more.
  async sendAfterOtherTab() {
    this.isWaiting = false;
    const page = await this.repeat(() => freshPage(this.file.name));
    this.id ||= unfinishedIn(page).find((row) => isOf(row, this.file))?.dataset.id || "";
    const names = [...page.querySelectorAll("#files .file-name")].map((node) => node.firstChild.textContent.trim());
    if (this.id || !names.includes(this.file.name)) return this.send();
    return this.say(text.textDone, true);
  }

  async send() {
    const digest = this.digest();
    const first = await this.repeat(() => (this.id ? call(urlOf(this.id)) : this.begin()));
    this.id = first.id;
    this.missing = first.missing;
    const perPart = first.part_count > 1 ? Math.ceil(this.file.size / first.part_count) : this.file.size;
    this.sent = this.file.size - Math.min(this.file.size, first.missing.length * perPart);
    this.bar.value = this.sent;
    if (first.state === "created") await this.sendRest();
    await this.verify(digest);
  }

  async sendRest() {
    try {
      while (this.missing.length) await this.sendSome(this.missing.slice(0, PARTS_PER_REQUEST));
      await this.repeat(() => this.complete());
    } catch (error) {
      if (this.isCanceled) throw error;
      const now = await this.repeat(() => call(urlOf(this.id)));
      if (!["uploaded", "confirmed"].includes(now.state)) throw error; // otherwise another tab completed it
    }
  }

  begin() {
    return call(text.begin, { filename: this.file.name, size_bytes: this.file.size });
  }

  async sendSome(numbers) {
    const { urls } = await this.repeat(() => call(urlOf(this.id, "parts/"), { parts: numbers }));
    for (const part of urls) {
      const isSent = await this.repeat(() => this.put(part));
      if (!isSent) return; // the URL has expired, for example while the computer slept: sign the rest again
      this.sent += part.size_bytes;
      this.missing = this.missing.filter((number) => number !== part.number);
    }
  }

  put(part) {
    this.say(text.textSending);
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      let timer = 0;
      const watch = () => {
        clearTimeout(timer);
        timer = setTimeout(() => { reject(new Error(text.textOffline)); request.abort(); }, STALL_MS);
      };
      this.request = request;
      request.open("PUT", part.url);
      for (const [name, value] of Object.entries(part.headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = (event) => { this.bar.value = this.sent + event.loaded; watch(); };
      request.onloadend = () => clearTimeout(timer);
      request.onload = () => {
        if (request.status < 300) resolve(true);
        else if (request.status === 403) resolve(false);
        else if (request.status === 409) reject(new Ended(text.textFailed));
        else reject(new Error(`${text.textFailed} (${request.status})`));
      };
      request.onerror = () => reject(new Error(text.textOffline));
      request.onabort = () => reject(new Error(text.textPaused));
      watch();
      request.send(this.file.slice(part.first_byte, part.first_byte + part.size_bytes));
    });
  }

  // A part that the storage lost is sent again; the server names it.
  async complete() {
    try {
      return await call(urlOf(this.id, "complete/"), {});
    } catch (error) {
      const now = await call(urlOf(this.id));
      if (now.state !== "created" || !now.missing.length) throw error;
      this.missing = now.missing;
      while (this.missing.length) await this.sendSome(this.missing.slice(0, PARTS_PER_REQUEST));
      return call(urlOf(this.id, "complete/"), {});
    }
  }

  async verify(digest) {
    this.toggle.remove();
    this.stop.remove();
    this.bar.removeAttribute("value");
    this.say(text.textVerifying);
    let upload = await this.repeat(() => call(urlOf(this.id)));
    while (upload.state === "uploaded") {
      await pause(POLL_MS);
      upload = await this.repeat(() => call(urlOf(this.id)));
    }
    if (upload.state !== "confirmed") throw new Ended(upload.error || text.textFailed);
    const own = await digest;
    if (own && upload.sha256 && own !== upload.sha256) throw new Ended(text.textDiffers);
    this.say(text.textDone, true);
  }
}

async function runQueue() {
  if (isRunning) return;
  isRunning = true;
  while (queue.length) {
    const upload = queue[0];
    try {
      await upload.run();
    } catch (error) {
      if (!upload.isCanceled) upload.say(error.message, true, true);
    }
    queue.shift();
    await refresh();
  }
  isRunning = false;
}

const unfinishedIn = (page) => [...page.querySelectorAll("#uploads [data-id]")];
const isOf = (row, file) => row.dataset.name === file.name && Number(row.dataset.size) === file.size;

// The list of files has pages. A page with only the file of this name shows whether the hub has it.
async function freshPage(name = "") {
  const response = await fetch(name ? `${location.pathname}?file=${encodeURIComponent(name)}` : location.href).catch(() => { throw new Error(text.textOffline); });
  if (!response.ok) throw new Error(`${text.textFailed} (${response.status})`);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

const tokensIn = (element) => [...element.querySelectorAll("[name=csrfmiddlewaretoken]")];

// After a new sign-in, the server accepts new tokens only.
function takeTokens(shown, fresh) {
  const values = tokensIn(fresh).map((field) => field.value);
  tokensIn(shown).forEach((field, index) => { field.value = values[index]; });
}

// Whether two elements show the same. Every page has other tokens.
function isSame(...elements) {
  const [one, other] = elements.map((element) => {
    const copy = element.cloneNode(true);
    tokensIn(copy).forEach((field) => field.remove());
    return copy;
  });
  return one.isEqualNode(other);
}

// Show the files and buttons as the server now has them; the rest of the page, and what somebody typed there, stays. So do
// equal elements, which may have the focus, and a button that is being pressed, which would lose its click.
async function refresh() {
  const page = await freshPage().catch(() => null);
  if (!page) return;
  const freshForm = page.getElementById("upload");
  if (freshForm) takeTokens(form, freshForm);
  let isPressed = false;
  for (const id of ["files", "publish", "state"]) {
    const fresh = page.getElementById(id);
    const shown = document.getElementById(id);
    if (!fresh) continue;
    if (isSame(shown, fresh)) takeTokens(shown, fresh);
    else if (shown.querySelector(":active")) isPressed = true;
    else shown.replaceWith(fresh);
  }
  if (isPressed || document.querySelector("#files .badge.warn")) setTimeout(refresh, 2 * POLL_MS);
}

function add(files) {
  for (const file of files) {
    const row = unfinishedIn(document).find((item) => isOf(item, file));
    if (row) row.removeAttribute("data-name"); // a second file of that name is another upload
    queue.push(new Upload(file, row));
  }
  runQueue();
}

const input = form.querySelector("input[type=file]");
input.multiple = true;
form.querySelector("[data-plain]").hidden = true;
const takeFiles = () => { add([...input.files]); input.value = ""; };
input.addEventListener("change", takeFiles);
takeFiles(); // those that were chosen before this script arrived
form.addEventListener("submit", (event) => event.preventDefault());
for (const kind of ["dragover", "dragenter"]) {
  document.addEventListener(kind, (event) => { event.preventDefault(); form.classList.add("over"); });
}
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("over"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  form.classList.remove("over");
  add([...event.dataTransfer.files]);
});
addEventListener("beforeunload", (event) => { if (queue.length) event.preventDefault(); });
