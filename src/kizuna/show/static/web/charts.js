// Draws each chart once it comes into sight, in the place of its picture, so that its points can say what they are.
// Vega's expressions are interpreted (`ast`), never compiled, and no style is put into the page by it: nothing here
// needs more than script-src and style-src 'self'. Where something fails the picture stays.

const dark = matchMedia("(prefers-color-scheme: dark)");
const narrow = matchMedia("(max-width: 40rem)");
const specs = new Map();

function theme() {
  return document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
}

// What a point says: names and values, only ever as text.
const says = document.createElement("dl");
says.className = "chart-says";
says.hidden = true;
document.getElementById("main").append(says);

function tell(_handler, event, _item, value) {
  if (!value || typeof value !== "object") {
    says.hidden = true;
    return;
  }
  const parts = [];
  for (const [name, text] of Object.entries(value)) {
    if (text === "" || text === null || text === undefined) continue;
    const said = document.createElement("dd");
    said.textContent = text;
    if (name.trim()) {
      const named = document.createElement("dt");
      named.textContent = name;
      parts.push(named);
    } else {
      said.className = "whole";
    }
    parts.push(said);
  }
  says.replaceChildren(...parts);
  says.hidden = false;
  const left = Math.min(event.clientX + 14, innerWidth - says.offsetWidth - 8);
  const below = event.clientY + 14 + says.offsetHeight < innerHeight;
  says.style.setProperty("left", `${Math.max(8, left)}px`);
  says.style.setProperty("top", `${below ? event.clientY + 14 : event.clientY - says.offsetHeight - 10}px`);
}
addEventListener("scroll", () => { says.hidden = true; }, { passive: true });
addEventListener("keydown", (event) => { if (event.key === "Escape") says.hidden = true; });

async function specOf(figure) {
  const address = `${figure.dataset.chart}&theme=${theme()}&size=${narrow.matches ? "narrow" : "wide"}`;
  if (!specs.has(address)) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${answer.status} ${address}`);
    specs.set(address, await answer.text());
  }
  return JSON.parse(specs.get(address));
}

async function draw(figure) {
  const [spec] = await Promise.all([specOf(figure), import(figure.dataset.library)]);
  if (spec.autosize) spec.width = Math.round(figure.clientWidth);
  const place = document.createElement("div");
  const made = await window.vegaEmbed(place, spec, {
    renderer: "svg", ast: true, actions: false, defaultStyle: false, tooltip: tell,
  });
  // The whole is one image with a description; its marks are none of their own.
  place.querySelector("svg").setAttribute("aria-hidden", "true");
  place.className = "drawn";
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", figure.querySelector("img").alt);
  figure.querySelector(".drawn")?.remove();
  figure.made?.finalize();
  figure.made = made;
  figure.prepend(place);
  figure.dataset.drawn = `${theme()} ${narrow.matches} ${figure.clientWidth}`;
}

function drawn(figure) {
  draw(figure).catch((problem) => console.warn("The chart stays a picture:", problem.message));
}

const seen = new IntersectionObserver((found) => {
  for (const each of found) {
    if (each.isIntersecting) {
      seen.unobserve(each.target);
      drawn(each.target);
    }
  }
}, { rootMargin: "200px" });
const figures = document.querySelectorAll("figure[data-chart]");
for (const figure of figures) seen.observe(figure);

// Other colours or another width: the charts that are drawn are drawn again.
let waiting = 0;
function again() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    for (const figure of figures) {
      const now = `${theme()} ${narrow.matches} ${figure.clientWidth}`;
      if (figure.made && figure.dataset.drawn !== now) drawn(figure);
    }
  }, 150);
}
addEventListener("resize", again);
dark.addEventListener("change", again);
