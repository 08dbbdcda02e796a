// The rows of an index, as a list box of which only what is visible exists. Messages are named by their numbers.

import { bdi, h, visible } from "./dom.js";
import { count, nameOf, path, shortTime } from "./words.js";

const MARGIN = 2; // rows above and below the visible ones
const AHEAD = 10; // such rows while somebody scrolls
const REST = 60; // ms without scrolling after which rows are fetched

export class MessageList extends HTMLElement {
  #index;
  #canvas = h("div", { role: "presentation", class: "canvas" });
  #rows = new Map(); // those that exist, by number
  #active = 0;
  #rest = 0;
  #row = 1; // the height of a row in px, as in the style sheet
  #top = null; // the row that was drawn at the top, and the number of its message
  #height = 0; // of what is visible of the list, in px
  #scrolled = 0; // px; to read it from the element would lay out the page
  #margin = MARGIN;
  #isDue = false;

  connectedCallback() {
    this.setAttribute("role", "listbox");
    this.setAttribute("aria-label", "Messages");
    this.tabIndex = 0;
    this.replaceChildren(this.#canvas);
    this.addEventListener(
      "scroll",
      () => {
        this.#scrolled = this.scrollTop;
        this.#margin = AHEAD;
        this.#draw();
      },
      { passive: true },
    );
    this.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("click", (event) => {
      const number = Number(event.target.closest("[role=option]")?.dataset.number);
      if (number) this.#open(number);
    });
    new ResizeObserver(() => this.#measure()).observe(this);
  }

  set index(index) {
    this.#index = index;
  }

  // Show other messages, from the first on.
  begin() {
    this.#top = null;
    this.#scrollTo(0);
  }

  // The number of the active message; 0 if none is.
  get active() {
    return this.#active;
  }

  set active(number) {
    this.#active = number;
    this.#reveal();
    this.#draw();
  }

  #reveal() {
    if (!this.#index.has(this.#active)) return;
    this.#settle();
    const top = this.#index.rowOf(this.#active) * this.#row;
    if (top < this.#scrolled) this.#scrollTo(top);
    else if (top + this.#row > this.#scrolled + this.#height) this.#scrollTo(top + this.#row - this.#height);
  }

  #scrollTo(top) {
    this.scrollTop = top;
    this.#scrolled = this.scrollTop;
    this.#note();
  }

  // Rows are lower where the window is wide enough for a single line.
  #measure() {
    this.#height = this.clientHeight;
    const row = parseFloat(getComputedStyle(this).getPropertyValue("--row"));
    if (row !== this.#row) {
      const first = this.#scrolled / this.#row;
      this.#row = row;
      this.#resize();
      this.#scrollTo(first * row);
      this.#reveal();
    }
    this.#draw();
  }

  // Make the row active that is so many rows further down; from above the list if none is.
  move(steps) {
    const last = this.#index.length - 1;
    if (last < 0) return;
    const row = this.#index.has(this.#active) ? this.#index.rowOf(this.#active) : -1;
    this.active = this.#index.at(Math.min(last, Math.max(0, row + steps))).number;
  }

  // The message that is to be active once the active one is gone; 0 if there is none.
  get neighbour() {
    const row = this.#index.rowOf(this.#active);
    return (this.#index.at(row + 1) ?? this.#index.at(row - 1))?.number ?? 0;
  }

  #open(number) {
    this.active = number;
    this.dispatchEvent(new CustomEvent("open", { detail: number }));
  }

  #key(event) {
    const visibleRows = Math.max(1, Math.floor(this.#height / this.#row) - 1);
    const all = this.#index.length;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: visibleRows, PageUp: -visibleRows, Home: -all, End: all }[event.key];
    if (steps !== undefined) {
      event.preventDefault();
      this.move(steps);
    }
  }

  #resize() {
    const height = `${this.#index.length * this.#row}px`;
    if (this.#canvas.style.height !== height) this.#canvas.style.height = height;
  }

  // How many rows further down the message is that was drawn at the top: it stays where it is, unless the list is at its
  // beginning, where new mail is to be seen.
  get #shift() {
    if (!this.#top || this.#scrolled <= this.#row) return 0;
    return this.#index.rowOf(this.#top.number) - this.#top.row;
  }

  // Scroll to where the message at the top is now.
  #settle() {
    const most = Math.max(0, this.#index.length * this.#row - this.#height);
    const top = Math.min(most, this.#scrolled + this.#shift * this.#row);
    this.#resize();
    if (top === this.#scrolled) this.#note();
    else this.#scrollTo(top);
  }

  #note() {
    const row = Math.floor(this.#scrolled / this.#row);
    const entry = this.#index.at(row);
    this.#top = entry ? { row, number: entry.number } : null;
  }

  // The first row to draw, and the one after the last.
  #span() {
    const top = this.#scrolled + this.#shift * this.#row;
    const first = Math.max(0, Math.floor(top / this.#row) - this.#margin);
    return [first, Math.min(this.#index.length, Math.ceil((top + this.#height) / this.#row) + this.#margin)];
  }

  // Have what the visible rows show; return false if the server does not tell.
  async prepare() {
    if (!this.#height) this.#measure();
    if (!this.#height) return true; // the list is not shown
    this.#margin = MARGIN;
    try {
      await this.#index.fetch(...this.#span());
      return true;
    } catch (error) {
      this.dispatchEvent(new CustomEvent("problem", { detail: error, bubbles: true }));
      return false;
    }
  }

  #draw() {
    if (this.#isDue || !this.#index) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.draw();
    });
  }

  // Draw what is visible, and fetch what is missing of it when nobody scrolls any more.
  draw() {
    clearTimeout(this.#rest);
    if (!this.#height && this.#index.length) return; // drawn when it is shown
    this.#settle();
    const [first, end] = this.#span();
    const rows = new Map();
    let isComplete = true;
    for (let row = first; row < end; row += 1) {
      const entry = this.#index.at(row);
      rows.set(entry.number, this.#option(entry, row));
      isComplete &&= this.#index.summary(entry.number) !== undefined;
    }
    for (const [number, { option }] of this.#rows) if (rows.get(number)?.option !== option) option.remove();
    let next = this.#canvas.firstChild;
    for (const { option } of rows.values()) {
      if (option === next) next = next.nextSibling;
      else this.#canvas.insertBefore(option, next);
    }
    this.#rows = rows;
    if (rows.has(this.#active)) this.setAttribute("aria-activedescendant", `row-${this.#active}`);
    else this.removeAttribute("aria-activedescendant");
    if (!isComplete) {
      this.#rest = setTimeout(async () => {
        if (await this.prepare()) this.#draw();
      }, REST);
    }
  }

  // The element of a row: the one that is there, unless it would show something else.
  #option(entry, row) {
    const summary = this.#index.summary(entry.number);
    const isRead = entry.is_read;
    let known = this.#rows.get(entry.number);
    if (!known || known.summary !== summary || known.isRead !== isRead) {
      const option = h(
        "div",
        { role: "option", id: `row-${entry.number}`, "data-number": entry.number, class: isRead ? "" : "unread" },
        ...(summary ? content(summary, isRead) : [h("span", { class: "pending" }, "…")]),
      );
      known = { option, summary, isRead };
    }
    const { option } = known;
    const place = `translateY(${row * this.#row}px)`;
    if (option.style.transform !== place) option.style.transform = place;
    set(option, "aria-selected", String(entry.number === this.#active));
    set(option, "aria-setsize", String(this.#index.length));
    set(option, "aria-posinset", String(row + 1));
    return known;
  }
}

function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function content(summary, isRead) {
  const recipients = [...summary.recipients, ...summary.refused_recipients];
  const files = summary.attachments.length;
  return [
    h("span", { class: "who" }, isRead ? "" : h("span", { class: "hidden" }, "Unread: "), bdi(nameOf(summary) || summary.from_ || path(summary.sender))),
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

customElements.define("message-list", MessageList);
