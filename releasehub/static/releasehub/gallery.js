// Enhancement only: without script each screenshot is a link to the large picture.
const links = [...document.querySelectorAll("[data-picture]")];
const box = document.getElementById("lightbox");
const picture = new Image();
box.querySelector("figure").prepend(picture);
const [count, caption] = box.querySelectorAll("figcaption span");
let shown = 0;
function show(number) {
  shown = (number + links.length) % links.length;
  const link = links[shown];
  const small = link.querySelector("img");
  picture.width = small.getAttribute("width");
  picture.height = small.getAttribute("height");
  picture.src = link.href;
  picture.alt = small.alt;
  count.textContent = `${shown + 1} / ${links.length}`;
  caption.textContent = link.parentElement.querySelector("p")?.textContent ?? "";
}
links.forEach((link, number) => {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(number);
    box.showModal();
  });
});
for (const button of box.querySelectorAll("[data-step]")) {
  button.hidden = links.length < 2;
  button.addEventListener("click", () => show(shown + Number(button.dataset.step)));
}
box.querySelector("[data-close]").addEventListener("click", () => box.close());
box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
box.addEventListener("close", () => links[shown].focus());
box.addEventListener("keydown", (event) => {
  if (event.key === "ArrowRight") show(shown + 1);
  if (event.key === "ArrowLeft") show(shown - 1);
});
