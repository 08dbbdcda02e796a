// <inbox-page>: the search, the list of messages, and the one that is open.

import { patch, remove } from "./api.js";
import { confirmed } from "./dialog.js";
import { button, h } from "./dom.js";
import "./empty-inbox.js";
import { collect, live } from "./live.js";
import { MessageIndex } from "./message-index.js";
import "./message-list.js";
import "./message-view.js";
import { Pace } from "./pace.js";
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
  #changes = [];
  // The title counts what is unread while nobody looks, too, as long as nothing has to be asked for that.
  #reading = new Pace(() => this.#follow(() => this.#index.apply(this.#changes.splice(0))), { least: 0, isIdle: () => document.hidden && this.#index.isFiltered });
  #drawing = new Pace(() => this.#draw());
  // A new title takes a browser longer than drawing the list does.
  #titling = new Pace(() => this.#title(), { least: 2000, isIdle: () => false });
  #open = "";

  constructor() {
    super();
    this.#list.index = this.#index;
    this.#index.addEventListener("change", ({ detail: { isUrgent, isOther } }) => {
      if (isOther) this.#list.begin();
      for (const pace of [this.#drawing, this.#titling]) {
        if (isUrgent) pace.now();
        else pace.request();
      }
    });
    this.#list.addEventListener("open", ({ detail }) => this.#goTo(detail));
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
    live.addEventListener("changes", ({ detail }) => {
      collect(this.#changes, detail);
      this.#reading.request();
    });
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
    live.begun.then(() => this.#load());
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
    this.#list.active = message.number;
    this.#view.querySelector("h2").focus({ preventScroll: true });
    this.#view.scrollTop = 0;
    if (!message.is_read) await this.#mark(message, true);
  }

  move(steps) {
    this.#list.move(steps);
    if (this.#open) this.#goTo(this.#list.active);
  }

  openActive() {
    this.#goTo(this.#list.active);
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
    const id = await this.#identify(this.#list.active);
    if (!id) return;
    const next = this.#list.neighbour;
    await this.#do(async () => {
      await remove(`/messages/${id}`);
      await this.#index.apply([{ topic: "message", action: "purged", ids: [id] }], { isUrgent: true });
    });
    this.#list.active = next;
    if (!this.#open) return;
    if (next) this.#goTo(next);
    else this.#go("");
  }

  async markUnread() {
    const id = await this.#identify(this.#list.active);
    if (!id) return;
    await this.#mark(this.#index.at(this.#index.rowOf(this.#list.active)), false);
    this.#go("");
  }

  #mark({ id, number, accepted }, isRead) {
    return this.#do(async () => {
      await patch(`/messages/${id}`, { read: isRead });
      await this.#index.apply([{ topic: "message", action: "updated", id, number, accepted, is_read: isRead }], { isUrgent: true });
    });
  }

  async #goTo(number) {
    const id = await this.#identify(number);
    if (id) this.#go(id);
  }

  async #identify(number) {
    try {
      return await this.#index.identify(number);
    } catch (error) {
      this.#say(error);
      return "";
    }
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

  // Draw everything in one frame, as soon as it is known what there is to draw.
  async #draw() {
    if (this.#list.hidden) this.#tell();
    await this.#list.prepare();
    await new Promise(requestAnimationFrame);
    this.#list.draw();
    this.#tell();
  }

  #tell() {
    const { length, unread, isFiltered, isLoaded } = this.#index;
    this.#count.textContent = `${count(length, isFiltered ? "match" : "message", isFiltered ? "matches" : "messages")}, ${unread.toLocaleString()} unread`;
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

  // What shows in the tab; nobody has to look for that.
  #title() {
    const { unread } = this.#index;
    document.title = `${unread ? `(${unread.toLocaleString()}) ` : ""}smtpmock`;
    const icon = document.querySelector("link[rel=icon]");
    const wanted = `/assets/icon${unread ? "-unread" : ""}.svg`;
    if (icon.getAttribute("href") !== wanted) icon.href = wanted; // it is fetched anew whenever it is set
  }

  // The criteria by which the messages were found, those of the outcome included.
  #criteria() {
    return [...parameters(this.#search.value), ["accepted", this.#outcome.value]];
  }

  #markAllRead() {
    return this.#do(async () => {
      await patch("/messages", { read: true }, [...this.#criteria(), ["limit", 1]]);
      await this.#index.load();
    });
  }

  async #askToDeleteAll() {
    const { length, isFiltered } = this.#index;
    const question = isFiltered ? `Delete the ${count(length, "message")} found?` : "Delete all messages and sessions?";
    if (!(await confirmed(question, "Delete"))) return;
    const criteria = isFiltered ? this.#criteria() : [];
    await this.#do(async () => {
      await remove("/messages", [...criteria, ["limit", 1]]);
      await this.#index.load();
    });
    this.#go("");
  }
}

customElements.define("inbox-page", InboxPage);
