// Calculates as one types: the server is asked for what came out, and the address follows what was typed.

const form = document.querySelector(".calculator-form");
const result = document.getElementById("result");
const address = document.getElementById("address");
const copy = document.getElementById("copy");
let waiting = 0;
let asking = null;

function query() {
  return new URLSearchParams(new FormData(form));
}

// The link is read by each in their own language; this page stays in the one that was chosen.
function follow() {
  const here = new URL(form.action);
  here.search = query();
  address.href = here;
  keep(here.searchParams);
  const chosen = new URLSearchParams(location.search).get("lang");
  if (chosen) here.searchParams.set("lang", chosen);
  history.replaceState(null, "", here);
}

// Whoever changes the language keeps what was typed.
function keep(typed) {
  const language = document.querySelector("form.language");
  for (const field of language.querySelectorAll("input[type=hidden]")) field.remove();
  for (const [name, value] of typed) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    language.append(field);
  }
}

async function calculate() {
  follow();
  asking?.abort();
  asking = new AbortController();
  const asked = new URL(form.action);
  asked.search = query();
  asked.searchParams.set("part", "result");
  const language = document.documentElement.lang;
  asked.searchParams.set("lang", language);
  try {
    const answer = await fetch(asked, { signal: asking.signal });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    result.replaceChildren(...page.body.children);
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    for (const wrong of form.querySelectorAll(".wrong")) wrong.remove();
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(calculate, 150);
});

const shared = new URL(location.href);
shared.searchParams.delete("lang");
address.href = shared;
address.parentElement.hidden = false;
copy.addEventListener("click", async () => {
  await navigator.clipboard.writeText(address.href);
  const said = copy.textContent;
  copy.textContent = copy.dataset.done;
  setTimeout(() => { copy.textContent = said; }, 1500);
});
