// <inbox-page>: the search, the list of messages, and the one that is open.

import { patch, remove } from "./api.js";
import { confirmed } from "./dialog.js";
import { button, h } from "./dom.js";
import "./empty-inbox.js";
import { live } from "./live.js";
import { MessageIndex } from "./message-index.js";
import "./message-list.js";
import "./message-view.js";
import { parameters, showSearchHelp } from "./search.js";
import { count } from "./words.js";

const REST = 250; // ms after the last key in the search field

export class InboxPage extends HTMLElement {
  #index = new MessageIndex();
  #list = h("message-list");
  #view = h("message-view", { hidden: true });
  #empty = h("div", { class: "empty" });
  #search = h("input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false", placeholder: "Search" });
  #outcome = h("select", { id: "outcome", "aria-label": "Outcome" }, h("option", { value: "true" }, "Accepted"), h("option", { value: "false" }, "Failed"), h("option", { value: "any" }, "All"));
  #readAll = button("Mark all read", () => this.#markAllRead(), { disabled: true });
  #deleteAll = button("Delete all", () => this.#askToDeleteAll(), { disabled: true });
  #problem = h("p", { class: "wrong", role: "alert" });
  #count = h("span", { role: "status", class: "count" });
  #rest = 0;
  #work = Promise.resolve();
  #open = "";

  constructor() {
    super();
    this.#list.index = this.#index;
    this.#index.addEventListener("change", () => this.#tell());
    this.#list.addEventListener("open", ({ detail }) => this.#go(detail));
    this.addEventListener("problem", ({ detail }) => this.#say(detail));
    this.#view.addEventListener("back", () => this.#go(""));
    this.#view.addEventListener("move", ({ detail }) => this.move(detail));
    this.#view.addEventListener("delete", () => this.delete());
    this.#view.addEventListener("unread", () => this.markUnread());
    this.#search.addEventListener("input", () => {
      clearTimeout(this.#rest);
      this.#rest = setTimeout(() => this.#load(), REST);
    });
    this.#search.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "Escape") this.#list.focus();
    });
    this.#outcome.addEventListener("change", () => this.#load());
    live.addEventListener("changes", ({ detail }) => this.#follow(() => this.#index.apply(detail)));
  }

  connectedCallback() {
    if (this.childElementCount) return;
    this.append(
      h(
        "div",
        { class: "pane" },
        h(
          "form",
          { role: "search", onsubmit: (event) => event.preventDefault() },
          h(
            "div",
            { class: "find" },
            h("label", { for: "search", class: "hidden" }, "Search"),
            this.#search,
            button("?", showSearchHelp, { "aria-label": "Help on searches", title: "Help on searches" }),
          ),
          this.#outcome,
          this.#readAll,
          this.#deleteAll,
        ),
        this.#problem,
        this.#count,
        this.#list,
        this.#empty,
      ),
      this.#view,
    );
    this.#load();
  }

  // Show a message beside the list, or none.
  async show(id) {
    const isBack = this.#open && !id;
    this.#open = id;
    this.classList.toggle("reading", id !== "");
    this.#view.hidden = id === "";
    if (!id) {
      if (isBack) this.#list.focus({ preventScroll: true });
      return;
    }
    try {
      await this.#view.show(id);
    } catch (error) {
      if (this.#open !== id) return;
      this.#view.replaceChildren(
        h("div", { class: "actions" }, button("Back", () => this.#go(""), { class: "back" })),
        h("p", { class: "wrong", role: "alert" }, error.message),
      );
      return;
    }
    const { message } = this.#view;
    this.#list.active = message.id;
    this.#view.querySelector("h2").focus({ preventScroll: true });
    this.#view.scrollTop = 0;
    if (!message.is_read) await this.#do(() => patch(`/messages/${message.id}`, { read: true }));
  }

  move(steps) {
    this.#list.move(steps);
    if (this.#open && this.#list.active) this.#go(this.#list.active);
  }

  openActive() {
    if (this.#list.active) this.#go(this.#list.active);
  }

  back() {
    this.#go("");
  }

  focusSearch() {
    this.#go("");
    this.#search.focus();
    this.#search.select();
  }

  async delete() {
    const id = this.#list.active;
    if (!id) return;
    const next = this.#list.neighbour;
    await this.#do(() => remove(`/messages/${id}`));
    this.#list.active = next;
    if (this.#open) this.#go(next);
  }

  async markUnread() {
    const id = this.#list.active;
    if (!id) return;
    await this.#do(() => patch(`/messages/${id}`, { read: false }));
    this.#go("");
  }

  #go(id) {
    location.hash = id ? `#/messages/${id}` : "#/";
  }

  // Do what a person asks for; what was wrong before is over.
  #do(action) {
    return this.#follow(async () => {
      await action();
      this.#say(null);
    });
  }

  // One after the other, so that an answer to an earlier request does not replace that to a later one.
  #follow(action) {
    this.#work = this.#work.then(action).catch((error) => this.#say(error));
    return this.#work;
  }

  #say(error) {
    this.#problem.textContent = error === null ? "" : error.message;
  }

  #load() {
    return this.#do(() => this.#index.load(parameters(this.#search.value), this.#outcome.value));
  }

  #tell() {
    const { length, unread, isFiltered, isLoaded } = this.#index;
    this.#count.textContent = `${count(length, isFiltered ? "match" : "message", isFiltered ? "matches" : "messages")}, ${unread.toLocaleString()} unread`;
    document.title = `${unread ? `(${unread.toLocaleString()}) ` : ""}smtpmock`;
    document.querySelector("link[rel=icon]").href = `/assets/icon${unread ? "-unread" : ""}.svg`;
    this.#readAll.disabled = unread === 0;
    this.#deleteAll.disabled = length === 0;
    this.#list.hidden = length === 0;
    this.#empty.hidden = length > 0;
    if (length === 0 && isLoaded) {
      const isHelp = this.#empty.firstElementChild?.localName === "empty-inbox";
      if (isFiltered) this.#empty.replaceChildren(h("p", { class: "quiet" }, "No message matches."));
      else if (!isHelp) this.#empty.replaceChildren(h("empty-inbox"));
    }
  }

  // The criteria by which the messages were found, those of the outcome included.
  #criteria() {
    return [...parameters(this.#search.value), ["accepted", this.#outcome.value]];
  }

  #markAllRead() {
    return this.#do(() => patch("/messages", { read: true }, [...this.#criteria(), ["limit", 1]]));
  }

  async #askToDeleteAll() {
    const { length, isFiltered } = this.#index;
    const question = isFiltered ? `Delete the ${count(length, "message")} found?` : "Delete all messages and sessions?";
    if (!(await confirmed(question, "Delete"))) return;
    const criteria = isFiltered ? this.#criteria() : [];
    await this.#do(() => remove("/messages", [...criteria, ["limit", 1]]));
    this.#go("");
  }
}

customElements.define("inbox-page", InboxPage);
