// <violation-list>: what the clients did against the standards, with the message or the session that it belongs to.

import { pages } from "./api.js";
import { bdi, button, h } from "./dom.js";
import { violations } from "./message-view.js";

const STEP = 50; // messages and sessions

export class ViolationList extends HTMLElement {
  #level = "should";
  #shown = STEP;
  #found = [];

  async connectedCallback() {
    this.replaceChildren(h("h2", { tabindex: -1 }, "Violations"), h("p", { class: "quiet" }, "Loading…"));
    try {
      this.#found = [...(await ofSessions()), ...(await ofMessages())];
      this.#draw();
    } catch (error) {
      this.replaceChildren(h("p", { class: "wrong", role: "alert" }, error.message));
    }
  }

  #draw() {
    const isShown = (violation) => this.#level === "should" || violation.level === "must";
    const found = this.#found.map((one) => ({ ...one, found: one.found.filter(isShown) })).filter((one) => one.found.length);
    const choose = h(
      "select",
      {
        id: "level",
        onchange: () => {
          this.#level = choose.value;
          this.#draw();
          this.querySelector("select").focus();
        },
      },
      ...[["should", "requirements and recommendations"], ["must", "requirements only"]].map(([value, label]) =>
        h("option", { value, selected: value === this.#level }, label),
      ),
    );
    this.replaceChildren(
      h("h2", { tabindex: -1 }, "Violations"),
      h("p", {}, h("label", { for: "level" }, "Show "), choose),
      found.length ? "" : h("p", { class: "quiet" }, "The clients have violated no standard."),
      ...found.slice(0, this.#shown).map((one) => h("section", {}, h("h3", {}, h("a", { href: one.href }, bdi(one.title))), violations(one.found))),
      found.length > this.#shown
        ? button("Show more", () => {
            this.#shown += STEP;
            this.#draw();
          })
        : "",
    );
  }
}

async function ofSessions() {
  return collect("/sessions", "sessions", [["fields", "id,number,violations"]], (session) => ({
    title: `Session ${session.number}`,
    href: `#/sessions/${session.id}`,
    found: session.violations,
  }));
}

async function ofMessages() {
  return collect("/messages", "messages", [["accepted", "any"], ["fields", "id,subject,violations"]], (message) => ({
    title: message.subject || "(no subject)",
    href: `#/messages/${message.id}`,
    found: message.violations,
  }));
}

async function collect(path, name, query, describe) {
  const found = [];
  for await (const page of pages(path, query)) found.push(...page[name].map(describe).filter((one) => one.found.length));
  return found.reverse();
}

customElements.define("violation-list", ViolationList);
