// Buttons that need passkeys appear only in browsers that have them, and a failure is said in the page.
if (window.PublicKeyCredential) {
  for (const button of document.querySelectorAll("[data-needs-passkey]")) button.hidden = false;
}
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const notice = document.getElementById("passkey_error");
  if (notice) notice.hidden = false;
});
