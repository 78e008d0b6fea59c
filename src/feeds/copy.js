// The buttons that copy an address. They are hidden where this does not run.
for (const button of document.querySelectorAll("[data-copy], [data-copy-text]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  const said = button.firstChild.textContent;
  let timer;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(field ? field.value : button.dataset.copyText);
    button.firstChild.textContent = "Copied";
    clearTimeout(timer);
    timer = setTimeout(() => { button.firstChild.textContent = said; }, 1500);
  });
}
