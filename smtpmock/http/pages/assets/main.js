// The page: which view an address shows, and what the keys do.

import { h } from "./dom.js";
import "./inbox-page.js";
import { live } from "./live.js";
import "./rule-list.js";
import "./session-list.js";
import { shortcuts, showShortcuts } from "./shortcuts.js";
import "./violation-list.js";

const main = document.querySelector("main");
const state = document.querySelector("#state");
const inbox = document.querySelector("inbox-page");
const other = document.querySelector("#other");

const VIEWS = { sessions: "session-list", violations: "violation-list", rules: "rule-list" };

async function show() {
  const [, view = "", id = ""] = location.hash.split("/").map(decodeURIComponent);
  const isInbox = !VIEWS[view];
  for (const link of document.querySelectorAll("nav a[data-view]")) {
    if (link.dataset.view === (isInbox ? "" : view)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  inbox.hidden = !isInbox;
  other.hidden = isInbox;
  if (isInbox) {
    other.replaceChildren();
    await inbox.show(view === "messages" ? id : "");
    return;
  }
  const element = h(view === "sessions" && id ? "session-view" : VIEWS[view]);
  other.replaceChildren(element);
  if (id) await element.show(id);
  main.scrollTop = 0;
  element.querySelector("h2")?.focus({ preventScroll: true });
}

const inInbox = (action) => () => {
  if (!inbox.hidden) action();
};

shortcuts({
  j: inInbox(() => inbox.move(1)),
  k: inInbox(() => inbox.move(-1)),
  Enter: inInbox(() => inbox.openActive()),
  "/": inInbox(() => inbox.focusSearch()),
  u: inInbox(() => inbox.back()),
  U: inInbox(() => inbox.markUnread()),
  "#": inInbox(() => inbox.delete()),
  "?": showShortcuts,
});
document.querySelector("#keys").addEventListener("click", showShortcuts);
window.addEventListener("hashchange", show);
live.addEventListener("state", ({ detail }) => {
  state.textContent = detail ? "Live" : "Not connected";
  state.className = detail ? "live" : "lost";
});

const viewed = location.pathname.match(/^\/view\/([^/]+)$/);
if (viewed) history.replaceState(null, "", `/#/messages/${viewed[1]}`);
live.start();
show();
