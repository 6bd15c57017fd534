// The import wizard: a file is dropped and sent with a bar; a page that waits asks how far it is.

const drop = document.querySelector("form.drop");
if (drop) {
  const input = drop.querySelector("input[type=file]");
  const wrong = drop.querySelector(".wrong");
  const sending = drop.querySelector(".sending");

  const tell = (text) => { wrong.textContent = text; wrong.hidden = !text; };

  const send = () => {
    const file = input.files[0];
    if (!file) return;
    tell("");
    if (file.size > Number(drop.dataset.most)) return tell(drop.dataset.tooLarge);
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      const share = event.loaded / event.total;
      sending.querySelector("progress").value = share;
      sending.querySelector("span").textContent = drop.dataset.sending.replace("{share}", `${Math.round(share * 100)} %`);
    });
    // Where the server sends us on to is the file's page.
    request.addEventListener("load", () => { location.href = request.responseURL; });
    request.addEventListener("error", () => { sending.hidden = true; tell(drop.dataset.broken); });
    request.open("POST", drop.action);
    request.send(new FormData(drop));
    sending.hidden = false;
  };

  drop.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  input.addEventListener("change", send);
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    send();
  });
}

const waiting = document.querySelector("[data-state]");
if (waiting) {
  const told = waiting.querySelector(".told");
  const bar = waiting.querySelector("progress");
  const look = async () => {
    try {
      const state = await (await fetch(waiting.dataset.state)).json();
      if (state.over) return location.replace(waiting.dataset.next);
      told.textContent = state.text;
      bar.value = state.step + (state.total ? state.done / state.total : 0);
    } catch { /* the server is busy or starts anew: ask again */ }
    setTimeout(look, 700);
  };
  setTimeout(look, 500);
}
