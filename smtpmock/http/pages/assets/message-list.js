// The rows of an index, as a list box of which only what is visible exists.

import { bdi, h, visible } from "./dom.js";
import { count, nameOf, path, shortTime } from "./words.js";

const MARGIN = 6; // rows above and below the visible ones
const REST = 60; // ms without scrolling after which rows are fetched
const BETWEEN_FETCHES = 500; // ms, while new mail keeps coming

export class MessageList extends HTMLElement {
  #index;
  #canvas = h("div", { role: "presentation", class: "canvas" });
  #active = "";
  #rest = 0;
  #fetched = 0; // when rows were fetched
  #row = 1; // the height of a row in px, as in the style sheet
  #isDue = false;

  connectedCallback() {
    this.setAttribute("role", "listbox");
    this.setAttribute("aria-label", "Messages");
    this.tabIndex = 0;
    this.replaceChildren(this.#canvas);
    this.addEventListener(
      "scroll",
      () => {
        this.#fetched = 0; // who scrolls is not kept waiting
        this.#draw();
      },
      { passive: true },
    );
    this.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("click", (event) => {
      const id = event.target.closest("[role=option]")?.dataset.id;
      if (id) this.#open(id);
    });
    new ResizeObserver(() => this.#measure()).observe(this);
  }

  set index(index) {
    this.#index = index;
    index.addEventListener("change", ({ detail }) => {
      if (detail.added && this.scrollTop > this.#row) {
        this.#resize(); // what is being read stays where it is
        this.scrollTop += detail.added * this.#row;
      }
      this.#draw();
    });
  }

  get active() {
    return this.#active;
  }

  set active(id) {
    this.#active = id;
    this.#reveal();
    this.#draw();
  }

  #reveal() {
    const row = this.#index.rowOf(this.#active);
    if (row < 0) return;
    const top = row * this.#row;
    if (top < this.scrollTop) this.scrollTop = top;
    else if (top + this.#row > this.scrollTop + this.clientHeight) this.scrollTop = top + this.#row - this.clientHeight;
  }

  // Rows are lower where the window is wide enough for a single line.
  #measure() {
    const row = parseFloat(getComputedStyle(this).getPropertyValue("--row"));
    if (row !== this.#row) {
      const first = this.scrollTop / this.#row;
      this.#row = row;
      this.#resize();
      this.scrollTop = first * row;
      this.#reveal();
    }
    this.#draw();
  }

  // Make the row active that is so many rows further down; from above the list if none is.
  move(steps) {
    const last = this.#index.length - 1;
    if (last < 0) return;
    const row = this.#index.rowOf(this.#active); // -1 if none is
    this.active = this.#index.at(Math.min(last, Math.max(0, row + steps))).id;
  }

  // The message that is to be active once the active one is gone.
  get neighbour() {
    const row = this.#index.rowOf(this.#active);
    return (this.#index.at(row + 1) ?? this.#index.at(row - 1))?.id ?? "";
  }

  #open(id) {
    this.active = id;
    this.dispatchEvent(new CustomEvent("open", { detail: id }));
  }

  #key(event) {
    const visibleRows = Math.max(1, Math.floor(this.clientHeight / this.#row) - 1);
    const all = this.#index.length;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: visibleRows, PageUp: -visibleRows, Home: -all, End: all }[event.key];
    if (steps !== undefined) {
      event.preventDefault();
      this.move(steps);
    }
  }

  #resize() {
    this.#canvas.style.height = `${this.#index.length * this.#row}px`;
  }

  #draw() {
    if (this.#isDue || !this.#index) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#drawNow();
    });
  }

  #drawNow() {
    this.#resize();
    const first = Math.max(0, Math.floor(this.scrollTop / this.#row) - MARGIN);
    const end = Math.min(this.#index.length, Math.ceil((this.scrollTop + this.clientHeight) / this.#row) + MARGIN);
    const entries = [];
    for (let row = first; row < end; row += 1) entries.push(this.#index.at(row));
    this.#canvas.replaceChildren(...entries.map((entry, place) => this.#option(entry, first + place)));
    const isShown = entries.some((entry) => entry.id === this.#active);
    if (isShown) this.setAttribute("aria-activedescendant", `row-${this.#active}`);
    else this.removeAttribute("aria-activedescendant");
    clearTimeout(this.#rest);
    const missing = entries.map(({ id }) => id).filter((id) => !this.#index.summary(id));
    const pause = Math.max(REST, this.#fetched + BETWEEN_FETCHES - performance.now());
    if (missing.length) this.#rest = setTimeout(() => this.#fetch(missing), pause);
  }

  async #fetch(ids) {
    this.#fetched = performance.now();
    try {
      await this.#index.fetch(ids);
    } catch (error) {
      this.dispatchEvent(new CustomEvent("problem", { detail: error, bubbles: true }));
    }
  }

  #option(entry, row) {
    const option = h("div", {
      role: "option",
      id: `row-${entry.id}`,
      "data-id": entry.id,
      "aria-selected": String(entry.id === this.#active),
      "aria-setsize": this.#index.length,
      "aria-posinset": row + 1,
      class: entry.is_read ? "" : "unread",
    });
    option.style.transform = `translateY(${row * this.#row}px)`;
    const summary = this.#index.summary(entry.id);
    option.append(...(summary ? this.#content(summary, entry) : [h("span", { class: "pending" }, "…")]));
    return option;
  }

  #content(summary, entry) {
    const recipients = [...summary.recipients, ...summary.refused_recipients];
    const files = summary.attachments.length;
    return [
      h("span", { class: "who" }, entry.is_read ? "" : h("span", { class: "hidden" }, "Unread: "), bdi(nameOf(summary) || summary.from_ || path(summary.sender))),
      h("span", { class: "to" }, recipients.length ? ["to ", bdi(recipients[0]), recipients.length > 1 ? ` +${recipients.length - 1}` : ""] : ""),
      h("time", { datetime: summary.received_at }, shortTime(summary.received_at)),
      h("span", { class: "subject", dir: "auto" }, summary.subject ? visible(summary.subject) : h("em", {}, "(no subject)")),
      h(
        "span",
        { class: "marks" },
        summary.accepted ? "" : h("span", { class: "bad mark" }, summary.state),
        ...summary.tags.slice(0, 3).map((tag) => h("span", { class: "tag mark" }, bdi(tag))),
        files ? h("span", { class: "files" }, count(files, "file")) : "",
      ),
    ];
  }
}

customElements.define("message-list", MessageList);
