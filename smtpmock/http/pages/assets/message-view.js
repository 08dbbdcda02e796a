// <message-view>: a message with everything that is known of it.

import { API, get, patch, text } from "./api.js";
import { copyMessage } from "./copy-test.js";
import { closing, openDialog } from "./dialog.js";
import { bdi, button, descriptions, h, refill, uniqueId, visible } from "./dom.js";
import "./conversation.js";
import { rendered } from "./rendered.js";
import { tabs } from "./tabs.js";
import { count, path, size, wholeTime } from "./words.js";

const MOST_SHOWN = 200_000; // characters of a text, unless all of it is asked for

export class MessageView extends HTMLElement {
  #tab = "";
  message = null;

  // Show a message; raises `Problem` if it is not there.
  async show(id) {
    const message = await get(`/messages/${encodeURIComponent(id)}`);
    this.message = message;
    const parts = this.#parts(message);
    refill(this, [
      this.#actions(message),
      h("h2", { tabindex: -1, dir: "auto" }, message.subject ? visible(message.subject) : h("em", {}, "(no subject)")),
      message.tags.length ? h("p", { class: "tags" }, ...message.tags.map((tag) => h("span", { class: "tag mark" }, bdi(tag)))) : "",
      addresses(message),
      ...tabs("Parts of the message", parts, this.#tab, (name) => (this.#tab = name)),
    ]);
  }

  #actions(message) {
    const tell = (name, detail) => () => this.dispatchEvent(new CustomEvent(name, { detail }));
    return h(
      "div",
      { class: "actions", role: "group", "aria-label": "Actions" },
      button("Back", tell("back"), { class: "back" }),
      button("↑", tell("move", -1), { "aria-label": "Previous message", title: "Previous message (k)" }),
      button("↓", tell("move", 1), { "aria-label": "Next message", title: "Next message (j)" }),
      button("Delete", tell("delete")),
      button("Mark as unread", tell("unread")),
      h("a", { class: "button", href: `${API}/messages/${message.id}/raw`, download: `${message.id}.eml` }, "Download .eml"),
      button("Tags", () => this.#editTags(message)),
      button("Copy as test", () => copyMessage(message)),
    );
  }

  #editTags(message) {
    const id = uniqueId("tags");
    const input = h("input", { id, value: message.tags.join(", "), autocomplete: "off", spellcheck: "false" });
    const problem = h("p", { class: "wrong", role: "alert" });
    const save = async (event) => {
      event.preventDefault();
      const tags = input.value.split(",").map((tag) => tag.trim()).filter(Boolean);
      try {
        await patch(`/messages/${message.id}`, { tags });
        dialog.close();
        if (this.message === message) await this.show(message.id);
      } catch (error) {
        problem.textContent = error.message;
      }
    };
    const dialog = openDialog(
      "Tags",
      h(
        "form",
        { onsubmit: save },
        h("p", { class: "field" }, h("label", { for: id }, "Separated by commas"), input),
        problem,
        h("div", { class: "actions" }, h("button", { type: "submit", class: "main" }, "Save"), closing("Cancel")),
      ),
    );
  }

  #parts(message) {
    const found = [];
    const add = (name, label, content) => found.push([name, label, content]);
    if (message.html) add("html", "HTML", () => rendered(message));
    if (message.text || !message.html) add("text", "Text", () => long(message.text || "(no text)"));
    if (message.html) add("source", "HTML source", () => long(message.html));
    add("headers", "Headers", () => headers(message));
    add("raw", "Raw", () => later(text(`/messages/${message.id}/raw`), long));
    if (message.attachments.length) add("attachments", `Attachments (${message.attachments.length})`, () => attachments(message));
    add("links", `Links (${message.links.length})`, () => links(message));
    add("conversation", "Conversation", () => conversation(message));
    if (message.violations.length) add("violations", `Violations (${message.violations.length})`, () => violations(message.violations));
    return found;
  }
}

// What is there after a while, or why it is not.
function later(promise, show) {
  const place = h("div", {}, h("p", { class: "quiet" }, "Loading…"));
  promise.then(
    (value) => place.replaceChildren(...[show(value)].flat()),
    (error) => place.replaceChildren(h("p", { class: "wrong", role: "alert" }, error.message)),
  );
  return place;
}

function long(content) {
  const shown = h("pre", { tabindex: 0, dir: "auto" }, visible(content.slice(0, MOST_SHOWN)));
  if (content.length <= MOST_SHOWN) return shown;
  const rest = button(`Show all ${count(content.length, "character")}`, () => {
    shown.textContent = visible(content);
    rest.remove();
  });
  return [shown, rest];
}

// A list of addresses, of which only the first ones are shown at once.
function people(addresses) {
  const MOST = 10;
  const items = (some) => some.map((address) => h("li", {}, address));
  const list = h("ul", { class: "people" }, ...items(addresses.slice(0, MOST)));
  if (addresses.length <= MOST) return list;
  const rest = button(`and ${addresses.length - MOST} more`, () => {
    list.append(...items(addresses.slice(MOST)));
    rest.remove();
  });
  return h("div", {}, list, rest);
}

function addresses(message) {
  const mark = (address, ...marks) => h("span", {}, bdi(address), ...marks.map(([kind, name]) => [" ", h("span", { class: `mark ${kind}` }, name)]));
  const values = (name) => {
    const key = Object.keys(message.headers).find((found) => found.toLowerCase() === name);
    return key ? message.headers[key] : [];
  };
  const inHeader = ["From", "To", "Cc", "Reply-To"]
    .map((name) => [name, values(name.toLowerCase())])
    .filter(([, found]) => found.length)
    .map(([name, found]) => [name, people(found.flatMap((value) => value.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)).map((value) => bdi(value.trim())))]);
  const bcc = new Set(message.bcc);
  const envelope = [
    ["MAIL FROM", bdi(path(message.sender))],
    [
      "RCPT TO",
      people([
        ...message.recipients.map((address) => mark(address, ...(bcc.has(address) ? [["bcc", "Bcc"]] : []))),
        ...message.refused_recipients.map((address) => mark(address, ["bad", "refused"])),
      ]),
    ],
    ["Received", h("time", { datetime: message.received_at }, wholeTime(message.received_at))],
  ];
  if (!message.accepted) envelope.push(["State", h("span", { class: "mark bad" }, message.state)]);
  if (message.user) envelope.push(["Login", bdi(message.user)]);
  if (message.date) inHeader.push(["Date", h("time", { datetime: message.date }, wholeTime(message.date))]);
  return h(
    "div",
    { class: "addresses" },
    h("section", {}, h("h3", {}, "Header"), inHeader.length ? descriptions(inHeader) : h("p", { class: "quiet" }, "No addresses")),
    h("section", {}, h("h3", {}, "Envelope"), descriptions(envelope)),
  );
}

function headers(message) {
  return descriptions(Object.entries(message.headers).flatMap(([name, values]) => values.map((value) => [visible(name), bdi(value)])));
}

// A few letters for the kind of a file: the ending of its name, or its subtype.
function kindOf(name, type) {
  const [, ending] = name.match(/\.([a-z0-9]{1,5})$/i) ?? [];
  return visible(ending ?? type.split("/").at(-1)).slice(0, 5).toUpperCase();
}

function attachments(message) {
  return h(
    "ul",
    { class: "attachments" },
    ...message.attachments.map((attachment, number) => {
      const url = `${API}/messages/${message.id}/attachments/${number}`;
      const name = attachment.name || attachment.content_id || `part ${attachment.part_id}`;
      return h(
        "li",
        {},
        attachment.content_type.startsWith("image/")
          ? h("img", { src: url, alt: `Preview of ${visible(name)}`, loading: "lazy" })
          : h("span", { class: "kind", "aria-hidden": "true" }, kindOf(name, attachment.content_type)),
        h("a", { href: url, download: "", title: visible(name) }, bdi(name)),
        h("span", { class: "quiet" }, `${visible(attachment.content_type)}, ${size(attachment.size)}${attachment.is_inline ? ", inline" : ""}`),
      );
    }),
  );
}

function links(message) {
  const isSafe = (link) => /^(https?|mailto):/i.test(link);
  return [
    h("h3", {}, "Links"),
    message.links.length
      ? h(
          "ul",
          { class: "links" },
          ...message.links.map((link) =>
            h("li", {}, isSafe(link) ? h("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, bdi(link)) : bdi(link)),
          ),
        )
      : h("p", { class: "quiet" }, "There are no links."),
    h("h3", {}, "One-time codes"),
    message.codes.length
      ? h("ul", { class: "links" }, ...message.codes.map((code) => h("li", {}, h("code", {}, code))))
      : h("p", { class: "quiet" }, "There are no codes."),
  ];
}

function conversation(message) {
  const numbers = message.exchanges.map((exchange) => exchange.number);
  return later(get(`/sessions/${encodeURIComponent(message.session_id)}`), (session) => {
    const talk = h("smtp-conversation");
    talk.show(session, numbers);
    return [h("p", {}, h("a", { href: `#/sessions/${message.session_id}` }, `Session ${session.number}`), "; the exchanges of this message are marked."), talk];
  });
}

export function violations(found) {
  return h(
    "ul",
    { class: "violations" },
    ...found.map((violation) =>
      h(
        "li",
        {},
        h("strong", {}, violation.code),
        h("span", { class: "mark" }, violation.level),
        h("span", { class: "mark" }, violation.rfc),
        h("p", {}, violation.text),
        violation.where ? h("p", {}, h("mark", {}, h("code", {}, visible(violation.where)))) : "",
      ),
    ),
  );
}

customElements.define("message-view", MessageView);
