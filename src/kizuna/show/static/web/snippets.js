// Whether a first message has come: asked every few seconds until one is there and fits.

const told = document.querySelector(".arrived[data-state]");
const look = async () => {
  try {
    const state = await (await fetch(told.dataset.state)).json();
    if (told.textContent !== state.text) told.textContent = state.text;
    told.classList.toggle("yes", state.arrived);
  } catch { /* the server starts anew: ask again */ }
  setTimeout(look, document.hidden ? 15000 : 3000);
};
if (told) setTimeout(look, 2000);
