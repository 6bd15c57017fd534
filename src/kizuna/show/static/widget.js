// Kizuna's survey widget: asks people on a page, without a framework, a cookie or storage. docs/guides/widget.md
// tells what it does and what a page can tell it. When to ask is decided here, whether to ask by the server.
(() => {
  const {
    dataset: { key, hash },
    src,
  } = document.currentScript;
  const api = (window.kizunaSurvey ||= {});
  if (api.show) return;
  // As with the tag: who asks not to be followed is not asked by itself, as nothing could keep count.
  const silent = navigator.globalPrivacyControl || navigator.doNotTrack == 1;

  // What may be asked by itself; the page that is seen, and for how long; whether the server is being asked; what
  // closes the survey that is open.
  let rules = [], path, engaged, active, busy, open;

  const at = (path) => new URL(path, src);
  const tell = (what, survey, why) => dispatchEvent(new CustomEvent("kizuna-survey", { detail: { what, survey, why } }));
  const where = () => location.pathname + (hash ? location.hash : "");
  const json = async (path, said) => (await fetch(at(path), { credentials: "omit", keepalive: true, ...said })).json();

  // -- when

  const use = () => (active = Date.now());

  const tick = () => {
    if (where() != path) {
      path = where();
      engaged = 0;
      open?.(1);
    }
    // As in the tag: while the page is visible, until 30 seconds after the last activity.
    if (!document.hidden && Date.now() - active < 3e4) engaged += 0.25;
    due((rule) => engaged > rule.seconds);
  };

  const due = (now) => {
    const rule = !open && !busy && !document.hidden && rules.find((rule) => RegExp(rule.pages).test(where()) && now(rule));
    if (!rule) return;
    rules = rules.filter((other) => other != rule);
    ask(rule.survey);
  };

  const ask = async (survey, wanted, about) => {
    if (busy) return;
    open?.();
    busy = 1;
    // Only somebody who has just pressed something expects the focus to move.
    const focus = wanted && navigator.userActivation?.isActive;
    // Before the tag has loaded there is only its queue.
    const me = (window.kizuna && !kizuna.q && kizuna("me")) || {};
    const who = silent
      ? {}
      : {
          anonymousId: me.id || api.anonymousId,
          userId: me.user || api.userId,
          consent: me.consent?.categoryPreferences || api.consent,
        };
    const body = { key, survey, wanted, page: where(), lang: document.documentElement.lang, about: { ...api.about, ...about }, ...who };
    try {
      // As text: a browser need not ask the server first whether it may.
      const found = await json("surveys/ask", { method: "POST", body: JSON.stringify(body) });
      if (found.asked) show(found, focus);
      else tell("refused", survey, found.why || found.detail);
    } catch {
      tell("refused", survey, "failed");
    }
    busy = 0;
  };

  // -- what is shown

  const make = (name, said, ...inner) => {
    const made = document.createElementNS("http://www.w3.org/" + (/svg|path/.test(name) ? "2000/svg" : "1999/xhtml"), name);
    for (const name in said) {
      const value = said[name];
      if (value?.call) made[name] = value;
      else if (value || value === "") made.setAttribute(name, value);
    }
    made.append(...inner.filter(Boolean));
    return made;
  };

  // A text, marked where it is in another language than the rest.
  const put = (name, said, [text, lang] = [], ...more) => make(name, { lang, ...said }, text, ...more);

  const draw = (size, d) => make("svg", { viewBox: "0 0 48 48", width: size, height: size, "aria-hidden": "true" }, make("path", { d }));

  const HEAD = "M3 24a21 21 0 1 0 42 0a21 21 0 1 0-42 0M17 18v3M31 18v3";

  const question = (asked, number, texts, changed) => {
    const { look, options = [], ends = [] } = asked;
    const id = "q" + number, many = options.length, text = look == "text";
    const said = { "aria-describedby": id + "h " + id + "n " + id + "e", "aria-required": !!asked.required + "" };
    const error = make("p", { class: "error", id: id + "e" });
    const boxes = options.map(({ value, shown, spoken, path, beside }) =>
      make(
        "div",
        {},
        make(
          "label",
          {},
          make("input", { type: "radio", name: id, value, onchange: changed }),
          make(
            "span",
            { class: "face" },
            path && draw(36, (look == "faces" ? HEAD : "") + path),
            put("span", {}, shown),
            make("span", { class: "spoken" }, spoken),
          ),
        ),
        beside && make("input", { class: "beside", maxlength: 500, "aria-label": texts.other, placeholder: texts.other }),
      ),
    );
    const field = text
      ? make("textarea", { id: id + "t", rows: 3, maxlength: asked.most, oninput: changed, ...said })
      : make("div", { class: "options" }, ...boxes);
    const node = make(
      "div",
      { class: "question " + look, ...(!text && { role: "radiogroup", "aria-labelledby": id, ...said }) },
      put(
        text ? "label" : "div",
        { class: "ask", id, for: text && id + "t" },
        asked.text,
        !asked.required && make("span", { class: "small" }, " (" + texts.optional + ")"),
      ),
      put("p", { class: "small", id: id + "h" }, asked.hint),
      field,
      // Where the numbers stand in two rows, the words for the ends say which they mean.
      make(
        "p",
        { class: "ends small", id: id + "n" },
        ...ends.map((end, i) => make("span", {}, look == "numbers" && make("b", {}, options[i * (many - 1)].value + " "), put("span", {}, end))),
      ),
      error,
    );
    const half = Math.ceil(many / 2);
    node.style.setProperty("--n", many > 11 ? half : many);
    node.style.setProperty("--m", many > 7 ? half : many);
    const place = () => boxes.findIndex((box) => box.querySelector(":checked"));
    return {
      ...asked,
      node,
      value: () => (text ? field.value.trim() : options[place()]?.value),
      beside: () => boxes[place()]?.querySelector(".beside")?.value,
      // The answer chosen and, of stars, those up to it.
      paint: () => boxes.map((box, i) => (box.className = (i <= place() ? "lit" : "") + (i == place() ? " on" : ""))),
      wrong: (sentence = "") => {
        error.textContent = sentence;
        (text ? field : node).setAttribute("aria-invalid", !!sentence);
      },
      focus: () => node.querySelector("textarea,:checked,input").focus(),
    };
  };

  const show = ({ survey, token, texts, language, early, reachable, ...told }, focus) => {
    rules = [];
    let before = document.activeElement, turn, timer, answered, asking;

    const changed = ({ target }) => {
      const { offsetHeight } = section;
      given();
      list.find((each) => each.node.contains(target)).wrong();
      // Where the answers moved away under the pointer, the second click of two must not choose another.
      if (section.offsetHeight != offsetHeight) pause("none"), setTimeout(pause, 400, "");
      if (!early || target.type != "radio") return;
      // What is chosen is kept at once; what is written is not, before it is sent.
      clearTimeout(timer);
      timer = setTimeout(save, 600);
    };
    const pause = (events) => (section.style.pointerEvents = events);
    const list = told.questions.map((asked, number) => question(asked, number, texts, changed));
    const status = make("p", { role: "status" });
    const alert = make("p", { role: "alert", class: "error" });
    const consent = make("input", { type: "checkbox" });
    const check = make("label", { class: "check", hidden: "" }, consent, texts.consent);
    const form = make(
      "form",
      { novalidate: "", onsubmit: (event) => send(event) },
      put("p", { class: "intro" }, told.intro),
      ...list.map((each) => each.node),
      check,
      alert,
      make("button", { class: "send" }, texts.send),
      make("p", { class: "small note" }, told.note),
    );
    const thanks = make(
      "div",
      { hidden: "", tabindex: -1 },
      make("p", { class: "ask" }, texts.thanks_title),
      put("p", {}, told.thanks),
      early && make("button", { onclick: () => turned(false) }, texts.change),
      make("button", { onclick: () => close() }, texts.close),
    );
    const section = make(
      "section",
      { role: "dialog", "aria-labelledby": "title", lang: language, tabindex: -1 },
      make(
        "header",
        {},
        put("h2", { id: "title" }, told.title),
        make("button", { class: "close", "aria-label": texts.close, onclick: () => close() }, draw(24, "M10 10l28 28M38 10l-28 28")),
      ),
      make("div", { class: "all" }, status, form, thanks),
    );
    const host = make("div");
    const root = host.attachShadow({ mode: "open" });

    // A region that is there already is read aloud when it changes.
    const say = (text, seen) => {
      status.className = seen ? "small" : "spoken";
      status.textContent = text;
    };

    // The answers to what is asked after them, which is shown.
    const given = () => {
      const found = {};
      list.map((each, i) => {
        each.paint();
        const asked = !i || (list[0].value() && Object.entries(each.only_if || {}).every(([id, wanted]) => holds(found[id], wanted)));
        each.node.hidden = !asked;
        if (asked && each.value()) found[each.id] = each.value();
      });
      return found;
    };

    const filled = (whole) => {
      const answers = given(), body = new URLSearchParams({ lang: language });
      for (const { id, look, beside } of list)
        if (answers[id] && (whole || look != "text")) {
          body.set("q:" + id, answers[id]);
          if (whole && beside()) body.set("o:" + id, beside());
        }
      if (consent.checked) body.set("consent", "yes");
      return body;
    };

    // One after the other, so that the last is the last to arrive.
    const post = (whole) => {
      clearTimeout(timer);
      timer = 0;
      const body = filled(whole);
      return (turn = Promise.resolve(turn).then(async () => {
        const found = await json("s/" + token, { method: "POST", body, headers: { accept: "application/json" } }).catch(() => ({}));
        if (found.success) tell((answered = found.status), survey);
        return found;
      }));
    };

    // Whether there is more to be asked; says that what was sent is kept.
    const more = ({ ask_consent }) => {
      const new_ = reachable && ask_consent && !asking;
      check.hidden = !(asking ||= new_);
      say(texts.noted, 1);
      return new_;
    };

    const save = async () => {
      const found = await post();
      if (found.success && thanks.hidden) more(found);
    };

    const send = async (event) => {
      event.preventDefault();
      const answers = given();
      const missing = list.filter(({ id, node, required }) => required && !node.hidden && !answers[id]);
      if (wrong(missing.map(({ id }) => ({ question: id, detail: texts.problem_missing })))) return;
      const found = await post(1);
      if (!found.success) wrong(found.problems) || (alert.textContent = found.detail || texts.failed);
      else if (!early || !more(found)) turned(true);
    };

    const wrong = (problems = []) => {
      alert.textContent = problems[0] ? texts.problems : "";
      const found = list.filter((each) => {
        const { detail } = problems.find(({ question }) => question == each.id) || {};
        each.wrong(detail);
        return detail;
      });
      found[0]?.focus();
      return found[0];
    };

    const turned = (over) => {
      const inside = root.activeElement;
      form.hidden = over;
      thanks.hidden = !over;
      say(over ? texts.thanks_title + " " + told.thanks[0] : "");
      if (inside) over ? thanks.focus() : list[0].focus();
    };

    const close = (stay) => {
      // A page that has exchanged its whole body has thrown the survey out.
      if (stay) return host.isConnected || document.body.append(host);
      const inside = root.activeElement;
      leave();
      answered ||= turn; // it may be on its way
      if (!answered) navigator.sendBeacon(at("s/" + token + "/dismiss"));
      host.remove();
      open = undefined;
      removeEventListener("keydown", escape);
      removeEventListener("pagehide", leave);
      dark.onchange = null;
      if (inside) before?.focus();
      tell(answered ? "closed" : "dismissed", survey);
    };

    // What was chosen a moment ago is kept, too.
    const leave = () => {
      if (timer) answered = navigator.sendBeacon(at("s/" + token), filled());
      clearTimeout(timer);
      timer = 0;
    };

    const escape = (event) => {
      const here = root.activeElement || document.activeElement == document.body;
      if (event.key == "Escape" && here && !event.defaultPrevented && !event.isComposing) close();
    };

    // Dark where the page is: by what it is painted with, else by its color-scheme.
    const dark = matchMedia("(prefers-color-scheme:dark)");
    const paint = () => {
      const [page, body] = [document.documentElement, document.body].map((element) => getComputedStyle(element));
      let is = /dark/.test(page.colorScheme) && (dark.matches || !/light/.test(page.colorScheme));
      for (const { backgroundColor } of [page, body]) {
        const [, red, green, blue, clear] = /^rgba?.(\d+)\D+(\d+)\D+(\d+)(\D+0.$)?/.exec(backgroundColor) || [0, 0, 0, 0, 1];
        if (!clear) is = red * 3 + green * 6 + blue * 1 < 1100;
      }
      section.classList.toggle("dark", is);
    };

    const style = "widget.css";
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(style);
      root.adoptedStyleSheets = [sheet];
    } catch {
      root.append(make("style", {}, style)); // Safari before 16.4
    }
    if (list.some(({ look, options }) => look != "choice" && options?.length > 7)) section.classList.add("wide");
    open = close;
    given();
    paint();
    dark.onchange = paint;
    say("");
    root.append(section);
    section.addEventListener("focusin", ({ relatedTarget }) => {
      if (relatedTarget && !section.contains(relatedTarget)) before = relatedTarget;
    });
    addEventListener("keydown", escape);
    addEventListener("pagehide", leave);
    document.body.append(host);
    tell("shown", survey);
    if (focus) section.focus();
    else setTimeout(() => say(texts.opened), 200);
  };

  const holds = (given, wanted) => {
    if (Array.isArray(wanted)) return wanted.some((each) => holds(given, each));
    const [low, high] = (wanted + "").split("..");
    return given != null && (high ? +given >= low && +given <= high : given == wanted);
  };

  api.show = (survey, about) => ask(survey, true, about);
  api.close = () => open?.();
  addEventListener("click", ({ target }) => {
    const survey = target.closest?.("[data-kizuna-survey]")?.dataset.kizunaSurvey;
    if (survey) ask(survey, true);
  });
  tell("ready");
  if (silent) return;
  use();
  for (const name of ["pointermove", "pointerdown", "keydown", "scroll", "visibilitychange"]) addEventListener(name, use, true);
  document.documentElement.addEventListener("mouseleave", ({ clientY }) => clientY <= 0 && due((rule) => rule.exit));
  json("surveys.json?key=" + encodeURIComponent(key))
    .then(({ surveys }) => {
      rules = surveys;
      setInterval(tick, 250);
    })
    .catch(() => {});
})();
