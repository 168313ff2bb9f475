// What needs passkeys appears only in browsers that have them. The passkey sends the form, not the button.
for (const element of document.querySelectorAll("[data-needs-passkey]")) {
  element.hidden = !window.PublicKeyCredential;
  element.addEventListener("click", (event) => event.preventDefault());
}
// A failure is said in the page.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const notice = document.getElementById("passkey_error");
  if (notice) notice.hidden = false;
});
// A page says in a data block which of allauth's forms it has. One script less to load than with allauth's own.
for (const block of document.querySelectorAll("script[data-allauth-onload]")) {
  allauth.webauthn.forms[block.dataset.allauthOnload.split(".").pop()](JSON.parse(block.textContent));
}
