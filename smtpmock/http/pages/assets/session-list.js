// <session-list>: every connection, newest first, failed ones included; and <session-view>: one with its conversation.

import { get } from "./api.js";
import { copySession } from "./copy-test.js";
import { bdi, button, h, refill } from "./dom.js";
import { keepLoaded } from "./live.js";
import "./conversation.js";
import { cause, count, isRefusal, shortTime, wholeTime } from "./words.js";

const ON_A_PAGE = 100;
const NEWEST = 1e15; // a number that no session reaches
const FIELDS = ["fields", "id,number,client,client_port,helo_name,started_at,ended_at,messages,exchanges,tls_error,user"];

export class SessionList extends HTMLElement {
  #starts = [NEWEST]; // of the pages up to the one that is shown: each has the sessions before that number
  #list = h("div");
  #newer = button("Newer", () => this.#turn(() => this.#starts.pop()), { disabled: true });
  #older = button("Older", () => this.#turn(() => this.#starts.push(this.#next)), { disabled: true });
  #range = h("span", { role: "status", class: "quiet" });
  #next = null;

  connectedCallback() {
    this.replaceChildren(
      h("div", { class: "headline" }, h("h2", { tabindex: -1 }, "Sessions"), h("nav", { "aria-label": "Pages", class: "actions" }, this.#range, this.#newer, this.#older)),
      this.#list,
    );
    keepLoaded(this, () => this.#load(), ({ topic }) => topic !== "rule");
  }

  async #turn(change) {
    change();
    await this.#load();
    this.querySelector("h2").focus();
  }

  async #load() {
    const before = this.#starts.at(-1);
    let answer;
    try {
      answer = await get("/sessions", [FIELDS, ["limit", ON_A_PAGE], ["before", before]]);
    } catch (error) {
      this.#list.replaceChildren(h("p", { class: "wrong", role: "alert" }, error.message));
      return;
    }
    if (before !== this.#starts.at(-1)) return; // another page is wanted meanwhile
    const { sessions, total, next } = answer;
    this.#next = next;
    this.#newer.disabled = this.#starts.length === 1;
    this.#older.disabled = next === null;
    this.#range.textContent = count(total, "session");
    const rows = sessions.length
      ? h("ul", { class: "rows sessions" }, ...sessions.reverse().map(row))
      : h("p", { class: "quiet" }, total ? "There are no earlier sessions." : "No client has connected.");
    refill(this.#list, [rows], this.querySelector("h2"));
  }
}

function row(session) {
  const refused = session.exchanges.filter(isRefusal);
  const last = refused.at(-1);
  return h(
    "li",
    {},
    h("a", { href: `#/sessions/${session.id}` }, `Session ${session.number}`),
    h("span", {}, session.helo_name ? bdi(session.helo_name) : h("em", {}, "no greeting"), ` from ${session.client}`),
    h(
      "span",
      { class: "marks" },
      session.ended_at ? "" : h("span", { class: "mark" }, "open"),
      session.tls_error ? h("span", { class: "mark bad" }, "TLS failed") : "",
      last ? h("span", { class: "mark bad" }, count(refused.length, "refusal")) : "",
      h("span", { class: "quiet" }, count(session.messages.length, "transaction")),
    ),
    h("time", { datetime: session.started_at }, shortTime(session.started_at)),
    last ? h("p", { class: "quiet" }, bdi(last.reply || "(no reply)"), ", because of ", bdi(cause(last))) : "",
  );
}

export class SessionView extends HTMLElement {
  async show(id) {
    // Without ids, it may be any. The ids of its messages begin with that of the session.
    const isMeant = ({ topic, ids, id: changed }) => topic !== "rule" && (!(changed || ids) || [changed, ...(ids ?? [])].some((one) => one?.startsWith(id)));
    await keepLoaded(this, () => this.#load(id), isMeant);
  }

  async #load(id) {
    try {
      this.#draw(await get(`/sessions/${encodeURIComponent(id)}`));
    } catch (error) {
      this.replaceChildren(back(), h("p", { class: "wrong", role: "alert" }, error.message));
    }
  }

  #draw(session) {
    const talk = h("smtp-conversation");
    talk.show(session);
    refill(this, [
      back(),
      h("div", { class: "headline" }, h("h2", { tabindex: -1 }, `Session ${session.number}`), button("Copy as test", () => copySession(session))),
      h("p", {}, `From ${session.client}:${session.client_port}, `, h("time", { datetime: session.started_at }, wholeTime(session.started_at)), session.user ? [", logged in as ", bdi(session.user)] : ""),
      session.messages.length
        ? h("p", {}, ...session.messages.map((message, place) => [place ? ", " : "", h("a", { href: `#/messages/${message}` }, `Transaction ${place + 1}`)]))
        : h("p", { class: "quiet" }, "There was no transaction."),
      talk,
    ]);
  }
}

const back = () => h("p", {}, h("a", { href: "#/sessions" }, "All sessions"));

customElements.define("session-list", SessionList);
customElements.define("session-view", SessionView);
