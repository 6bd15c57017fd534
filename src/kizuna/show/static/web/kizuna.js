// What every page does when it may run scripts. Without them each form has a button.

document.documentElement.classList.add("scripted");

// Forms that choose what is shown are sent as soon as something is chosen by pointer. By keyboard each step through a
// list is a change: there the form's button is shown, and Enter sends.
for (const form of document.querySelectorAll("form[data-auto]")) {
  let typing = false;
  form.addEventListener("keydown", (event) => {
    typing = true;
    if (event.key === "Enter" && event.target.matches("select") && form.classList.contains("chosen")) {
      event.preventDefault();
      send(form);
    }
  });
  form.addEventListener("pointerdown", () => { typing = false; });
  form.addEventListener("change", () => {
    if (typing) {
      form.classList.add("chosen");
      return;
    }
    send(form);
  });
}

// What says nothing stays out of the address.
function send(form) {
  for (const field of form.querySelectorAll("select, input")) field.disabled = field.value === "";
  form.submit();
}

// A page that comes back from the browser's memory has its forms as they were sent.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-auto]")) {
    for (const field of form.querySelectorAll(":disabled")) field.disabled = false;
    form.reset();
    form.classList.remove("chosen");
  }
});

// Buttons that copy what an element says.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    const said = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = said; }, 1500);
  });
}

// What cannot be taken back is asked for first.
for (const form of document.querySelectorAll("form[data-ask]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.ask)) event.preventDefault();
  });
}
