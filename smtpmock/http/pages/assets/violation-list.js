// <violation-list>: what the clients did against the standards, with the message or the session that it belongs to.

import { MOST_IDS, get, pages } from "./api.js";
import { bdi, button, h, refill } from "./dom.js";
import { keepLoaded } from "./live.js";
import { violations } from "./message-view.js";

const STEP = 50; // messages and sessions
const MESSAGE = [["accepted", "any"], ["fields", "id,number,subject,violations"]];
const SESSION = [["fields", "id,number,ended_at,violations"]];
const LEVELS = [["should", "requirements and recommendations"], ["must", "requirements only"]];

export class ViolationList extends HTMLElement {
  #level = "should";
  #shown = STEP;
  #messages = new Map(); // by id, in order of their numbers
  #sessions = new Map();
  #open = new Set(); // ids of sessions that had not ended
  #last = { messages: 0, sessions: 0 };
  #list = h("div", {}, h("p", { class: "quiet" }, "Loading…"));

  connectedCallback() {
    const choose = h(
      "select",
      {
        id: "level",
        onchange: () => {
          this.#level = choose.value;
          this.#draw();
        },
      },
      ...LEVELS.map(([value, label]) => h("option", { value }, label)),
    );
    this.replaceChildren(h("h2", { tabindex: -1 }, "Violations"), h("p", {}, h("label", { for: "level" }, "Show "), choose), this.#list);
    keepLoaded(this, (changes) => this.#load(changes), ({ topic, action }) => topic !== "rule" && action !== "updated");
  }

  // Judge what is new, and again what has changed since it was judged.
  async #load(changes) {
    try {
      if (changes.some(({ topic, action }) => topic === "reset" || action === "all")) this.#forget();
      for (const change of changes) if (change.topic === "message") this.#removeMessages(change);
      const known = new Set(changes.filter(({ topic, id }) => topic === "message" && this.#messages.has(id)).map(({ id }) => id));
      const ended = new Set(changes.filter(({ action }) => action === "ended").flatMap(({ ids = [...this.#open] }) => ids.filter((id) => this.#open.has(id))));
      for (const id of ended) this.#keepSession(await get(`/sessions/${id}`));
      for (let rest = [...known]; rest.length; rest = rest.slice(MOST_IDS)) {
        const { messages } = await get("/messages", [...MESSAGE, ...rest.slice(0, MOST_IDS).map((id) => ["id", id])]);
        messages.forEach((message) => this.#keepMessage(message));
      }
      for await (const page of pages("/sessions", SESSION, this.#last.sessions)) page.sessions.forEach((session) => this.#keepSession(session));
      for await (const page of pages("/messages", MESSAGE, this.#last.messages)) page.messages.forEach((message) => this.#keepMessage(message));
      this.#draw();
    } catch (error) {
      this.#list.replaceChildren(h("p", { class: "wrong", role: "alert" }, error.message));
    }
  }

  #forget() {
    this.#messages.clear();
    this.#sessions.clear();
    this.#open.clear();
    this.#last = { messages: 0, sessions: 0 };
  }

  #removeMessages({ action, ids = [], last }) {
    if (action === "purged" || action === "erased") ids.forEach((id) => this.#messages.delete(id));
    if (action === "dropped") for (const [id, { number }] of this.#messages) if (number <= last) this.#messages.delete(id);
  }

  #keepMessage({ id, number, subject, violations: found }) {
    this.#last.messages = Math.max(this.#last.messages, number);
    this.#messages.set(id, { number, title: subject || "(no subject)", href: `#/messages/${id}`, found });
  }

  #keepSession({ id, number, ended_at: end, violations: found }) {
    this.#last.sessions = Math.max(this.#last.sessions, number);
    this.#sessions.set(id, { title: `Session ${number}`, href: `#/sessions/${id}`, found });
    if (end) this.#open.delete(id);
    else this.#open.add(id);
  }

  #draw() {
    const isShown = (violation) => this.#level === "should" || violation.level === "must";
    const found = [...[...this.#sessions.values()].reverse(), ...[...this.#messages.values()].reverse()]
      .map((one) => ({ ...one, found: one.found.filter(isShown) }))
      .filter((one) => one.found.length);
    const rows = [
      found.length ? "" : h("p", { class: "quiet" }, "The clients have violated no standard."),
      ...found.slice(0, this.#shown).map((one) => h("section", {}, h("h3", {}, h("a", { href: one.href }, bdi(one.title))), violations(one.found))),
      found.length > this.#shown
        ? button("Show more", () => {
            this.#shown += STEP;
            this.#draw();
          })
        : "",
    ];
    refill(this.#list, rows, this.querySelector("h2"));
  }
}

customElements.define("violation-list", ViolationList);
