// What a survey's page does besides being a form. Everything works without it.
//
// Somebody who tapped an answer in a mail finds it chosen; here it is sent, once somebody really sees the
// page: not while the browser only prepares it, nor in a tab that was never looked at, nor for the programs that open
// every link of a mail. Pages that are gone back to or loaded again send nothing.

const form = document.getElementById("survey");

function seen() {
  return new Promise((resolve) => {
    const look = () => {
      if (document.prerendering || document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", look);
      document.removeEventListener("prerenderingchange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    document.addEventListener("prerenderingchange", look);
    look();
  });
}

async function sendTapped() {
  const filled = new URLSearchParams(new FormData(form));
  filled.set("tap", "1");
  const answer = await fetch(form.action, { method: "POST", body: filled, headers: { accept: "text/html" } });
  if (!answer.ok) return; // the answer is still chosen: it can be sent by hand
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.title = page.title;
  document.getElementById("main").replaceWith(page.getElementById("main"));
  document.querySelector("header").replaceWith(page.querySelector("header"));
  // So that a page that is loaded again does not send once more.
  history.replaceState(null, "", location.pathname + "?lang=" + document.documentElement.lang);
  document.getElementById("said").textContent = document.querySelector("h1").textContent;
}

if (form && (form.dataset.shown || form.dataset.tap !== undefined)) {
  const [opened] = performance.getEntriesByType("navigation");
  seen().then(() => {
    if (form.dataset.shown) navigator.sendBeacon(form.dataset.shown);
    if (form.dataset.tap !== undefined && (!opened || opened.type === "navigate")) return sendTapped();
  }).catch(() => {});
}
