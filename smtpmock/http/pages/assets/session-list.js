// <session-list>: every connection, newest first, failed ones included; and <session-view>: one with its conversation.

import { get } from "./api.js";
import { bdi, button, h } from "./dom.js";
import { whileShown } from "./live.js";
import "./conversation.js";
import { cause, count, isRefusal, shortTime, wholeTime } from "./words.js";

const STEP = 100;
const FIELDS = ["fields", "id,number,client,client_port,helo_name,started_at,ended_at,messages,exchanges,tls_error,user"];

export class SessionList extends HTMLElement {
  #shown = STEP;

  connectedCallback() {
    this.#load();
    whileShown(this, (changes) => {
      if (changes.some(({ topic }) => topic !== "rule")) this.#load();
    });
  }

  async #load() {
    try {
      const newest = Number((await get("/mark")).mark.split("-s")[1]);
      const query = [FIELDS, ["limit", this.#shown], ["after", Math.max(0, newest - this.#shown)]];
      const { sessions, total } = await get("/sessions", query);
      this.#draw(sessions.reverse(), total);
    } catch (error) {
      this.replaceChildren(h("p", { class: "wrong", role: "alert" }, error.message));
    }
  }

  #draw(sessions, total) {
    this.replaceChildren(
      h("h2", { tabindex: -1 }, "Sessions"),
      sessions.length ? h("ul", { class: "rows" }, ...sessions.map(row)) : h("p", { class: "quiet" }, "No client has connected."),
      total > sessions.length && this.#shown < 1000
        ? button("Show earlier sessions", () => {
            this.#shown = Math.min(1000, this.#shown * 3);
            this.#load();
          })
        : "",
    );
  }
}

function row(session) {
  const refused = session.exchanges.filter(isRefusal);
  const last = refused[refused.length - 1];
  return h(
    "li",
    {},
    h("a", { href: `#/sessions/${session.id}` }, `Session ${session.number}`),
    h("span", {}, " ", session.helo_name ? bdi(session.helo_name) : h("em", {}, "no greeting"), ` from ${session.client}`),
    h("time", { datetime: session.started_at }, shortTime(session.started_at)),
    h(
      "span",
      { class: "marks" },
      session.ended_at ? "" : h("span", { class: "mark" }, "open"),
      h("span", { class: "quiet" }, count(session.messages.length, "transaction")),
      session.tls_error ? h("span", { class: "mark bad" }, "TLS failed") : "",
      last ? h("span", { class: "mark bad" }, count(refused.length, "refusal")) : "",
    ),
    last ? h("p", { class: "quiet" }, bdi(last.reply || "(no reply)"), ", because of ", bdi(cause(last))) : "",
  );
}

export class SessionView extends HTMLElement {
  async show(id) {
    const draw = async () => {
      const session = await get(`/sessions/${encodeURIComponent(id)}`);
      const talk = h("smtp-conversation");
      talk.show(session);
      this.replaceChildren(
        h("p", {}, h("a", { href: "#/sessions" }, "All sessions")),
        h("h2", { tabindex: -1 }, `Session ${session.number}`),
        h("p", {}, `From ${session.client}:${session.client_port}, `, h("time", { datetime: session.started_at }, wholeTime(session.started_at)), session.user ? [", logged in as ", bdi(session.user)] : ""),
        session.messages.length
          ? h("p", {}, "Transactions: ", ...session.messages.map((message, place) => [place ? ", " : "", h("a", { href: `#/messages/${message}` }, String(place + 1))]))
          : "",
        talk,
      );
    };
    await draw();
    whileShown(this, (changes) => {
      const isMeant = ({ topic, id: changed }) => topic === "purge" || changed?.startsWith(id);
      if (changes.some(isMeant)) draw().catch((error) => this.replaceChildren(h("p", { class: "wrong", role: "alert" }, error.message)));
    });
  }
}

customElements.define("session-list", SessionList);
customElements.define("session-view", SessionView);
