// Buttons that need passkeys appear only in browsers that have them. The passkey sends the form, not the button.
for (const button of document.querySelectorAll("[data-needs-passkey]")) {
  button.hidden = !window.PublicKeyCredential;
  button.addEventListener("click", (event) => event.preventDefault());
}
// A failure is said in the page.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const notice = document.getElementById("passkey_error");
  if (notice) notice.hidden = false;
});
