// The count follows what is typed, and rows change with what they are about, without loading the page again.

const form = document.getElementById("builder");
let latest = 0;
let waiting;

async function follow(submitter, whole) {
  const mine = ++latest;
  const told = document.getElementById("told");
  told.classList.add("busy");
  const data = new URLSearchParams(new FormData(form, submitter));
  const answer = await fetch(`/segments/part?${data}`, { headers: { accept: "text/html" } }).catch(() => null);
  if (mine !== latest) return;
  told.classList.remove("busy");
  if (!answer?.ok) return;
  const part = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== latest) return;
  // Where the language was chosen for this page alone, it stays.
  document.getElementById("told").replaceWith(part.getElementById("told"));
  if (!whole) return note();
  const place = placeOf(document.activeElement);
  document.getElementById("made").replaceWith(part.getElementById("made"));
  back(place);
  note();
}

// The address says what stands in the form, so that it can be loaded again, or in another language.
const typed = () => new URLSearchParams(new FormData(form));
const note = () => history.replaceState(null, "", `${form.dataset.again}?${typed()}`);

document.addEventListener("change", (event) => {
  if (event.target.name !== "lang") return;
  event.stopPropagation();
  location.assign(`${form.dataset.again}?${typed()}&lang=${event.target.value}`);
}, true);

// Which control has the keyboard: its name, and the how-many-eth of that name it is.
function placeOf(element) {
  if (!element?.name) return null;
  const all = [...form.elements].filter((each) => each.name === element.name && each.type !== "hidden");
  return { name: element.name, value: element.value, number: all.indexOf(element) };
}

function back(place) {
  if (!place) return;
  const all = [...form.elements].filter((each) => each.name === place.name && each.type !== "hidden");
  if (place.name === "do") {
    const rows = form.querySelectorAll(".row");
    const last = place.value === "add" ? rows[rows.length - 1]?.querySelector("select") : null;
    (last ?? all.find((each) => each.value === "add") ?? form.querySelector("textarea"))?.focus();
    return;
  }
  all[place.number]?.focus();
}

form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => follow(null, false), 250);
});

form.addEventListener("change", (event) => {
  if (!["subject", "operator"].includes(event.target.name)) return;
  clearTimeout(waiting);
  follow(null, true);
});

form.addEventListener("click", (event) => {
  const button = event.target.closest("button[formmethod=get]");
  if (!button) return;
  event.preventDefault();
  clearTimeout(waiting);
  follow(button, true);
});
