// Kizuna's web tag: what happens on a page, as messages of the Segment spec, to the server it came
// from. docs/guides/tag.md tells what it sends and its options, the data- attributes of its script
// element. It sets no cookie and stores nothing before there is consent.
(() => {
  const {
    dataset: { key, hash, manual, untitled, purpose = "analytics" },
    src,
  } = document.currentScript;
  const server = new URL("v1/batch", src);
  const early = window.kizuna ? kizuna.q : [];
  // Do Not Track and Global Privacy Control: everything can be called, nothing happens.
  const silent = navigator.globalPrivacyControl || navigator.doNotTrack == 1;

  // Lives as long as the page; with consent, in localStorage.
  let state = { queue: [] };
  // The page that is seen, what was said of it, and how it is used.
  let view = {}, seen = {}, path, depth, engaged, since, shown, lcp_seconds;
  // The time of the last message: none has the same, so that their order is kept. Whether it was told how
  // long the page took to load. Set from the first message in the queue until the queue is empty again.
  let last = 0, told = 0, timer;

  const send = (type, said) => {
    last = Math.max(Date.now(), last + 1);
    state.queue.push({
      type,
      ...said,
      messageId: unique(),
      timestamp: new Date(last),
      anonymousId: state.id,
      userId: state.user,
      context: {
        page: view,
        consent: state.consent,
        library: { name: "kizuna.js" },
      },
    });
    state.queue = state.queue.slice(-500);
    remember();
    timer ||= setTimeout(flush, 200);
  };

  const page = (name, properties) => {
    leave();
    depth = 0;
    path = where();
    // Of the query only what tells where a visit comes from: the rest may be somebody's name.
    const url = new URL(location.origin + path);
    new URL(location).searchParams.forEach((value, key) => {
      if (/^utm_|clk?id$|braid$/.test(key)) url.searchParams.append(key, value);
    });
    view = { path, url, referrer: view.url || document.referrer.split("?")[0] };
    send("page", { name, properties: (seen = { ...view, ...properties }) });
  };

  const track = (event, properties) => {
    show();
    send("track", { event, properties });
  };

  const identify = (user, traits) => {
    state.user = user;
    send("identify", { traits });
  };

  const group = (groupId, traits) => send("group", { groupId, traits });

  const consent = (given) => {
    state.consent = { categoryPreferences: given instanceof Object ? given : { [purpose]: given } };
    state.id = agreed() ? state.id || unique() : undefined;
    remember();
  };

  const reset = () => {
    state.user = undefined;
    state.id &&= unique();
  };

  const agreed = () => state.consent?.categoryPreferences[purpose];

  const remember = () => {
    try {
      delete localStorage.kizuna;
      if (agreed()) localStorage.kizuna = JSON.stringify(state);
    } catch {} // a browser that stores nothing
  };

  const unique = () => crypto.getRandomValues(new Uint32Array(4)).join("-");

  // A message leaves the queue when the server has it; sent twice, it counts once by its messageId.
  const deliver = async (way) => {
    // Not before: a single-page site names a page after its address has changed.
    if (!untitled) view.title ||= document.title;
    seen.title ||= view.title;
    const batch = state.queue.slice(0, 15);
    const done = batch[0] && (await way(JSON.stringify({ writeKey: key, sentAt: new Date(), batch })));
    if (done) state.queue = state.queue.filter((message) => !batch.includes(message));
    remember();
    return done;
  };

  const flush = async () => {
    // As text: a browser need not ask the server first whether it may.
    const done = await deliver(
      async (body) => (await fetch(server, { method: "POST", body, keepalive: body.length < 6e4 })).status < 429
    ).catch(() => {});
    timer = state.queue[0] && setTimeout(flush, done ? 0 : 2e4);
  };

  const hide = () => {
    leave();
    shown = 0;
    deliver((body) => navigator.onLine && navigator.sendBeacon(server, body));
  };

  const where = () => location.pathname + (hash ? location.hash : "");

  const look = () => {
    if (shown && where() != path && !manual) page();
  };

  const show = () => {
    if (document.hidden || shown) return;
    shown = 1;
    // Looked at again after half an hour, it is a new view.
    if (Date.now() - since > 18e5) path = "";
    since = Date.now();
    look();
  };

  // Time counts while the page is visible, for 30 seconds after each activity.
  const active = () => {
    if (shown) engaged += Math.min(Date.now() - since, 3e4);
    since = Date.now();
    depth = Math.max(depth, Math.round((100 * (scrollY + innerHeight)) / document.documentElement.scrollHeight));
  };

  const leave = () => {
    active();
    const load_seconds = performance.getEntriesByType("navigation")[0]?.duration / 1e3;
    if (path && engaged)
      track("Page Left", {
        engaged_seconds: engaged / 1e3,
        scroll_depth: depth,
        ...(load_seconds && !told++ && { load_seconds, lcp_seconds }),
      });
    engaged = 0;
  };

  const click = (event) => {
    const link = event.composedPath().find((element) => /^http/.test(element.protocol));
    const file = /\.(pdf|docx?|xlsx?|pptx?|csv|txt|zip|rar|7z|gz|dmg|exe|msi|apk|mp[34])$/i.test(link?.pathname);
    if (event.button < 2 && link && (file || link.host != location.host))
      track(file ? "File Downloaded" : "Link Clicked", { element: link.innerText.trim().slice(0, 80), href: link.href.split("?")[0] });
  };

  if (silent || !early) return (window.kizuna ||= () => {});
  window.kizuna = (command, ...values) => ({ track, page, identify, group, consent, reset, me: () => state })[command]?.(...values);
  try {
    state = JSON.parse(localStorage.kizuna);
  } catch {} // nothing remembered, or not allowed to look
  early.map((call) => kizuna(...call));

  // Every event passes the window on its way down, so that no page can keep one to itself.
  const on = (name, then) => addEventListener(name, then, true);
  on("click", click);
  on("auxclick", click);
  on("submit", (event) => track("Form Submitted", { element: event.target.getAttribute("id") }));
  on("pointermove", active);
  on("pointerdown", active);
  on("keydown", active);
  on("scroll", active);
  on("visibilitychange", () => (document.hidden ? hide() : show()));
  // A page that comes back from the back/forward cache is seen anew.
  on("pagehide", () => (path = hide()));
  on("pageshow", show);
  on("popstate", look);
  for (const name of ["pushState", "replaceState"]) {
    const change = history[name].bind(history);
    history[name] = (...values) => look(change(...values));
  }
  new PerformanceObserver((list) => (lcp_seconds = list.getEntries().pop().startTime / 1e3)).observe({
    type: "largest-contentful-paint",
    buffered: true,
  });
  show();
})();
