// Which messages match, and what is known of them. The index holds the number of every message, oldest first, and is kept
// up to date by what the server tells; what a row shows is fetched when it becomes visible.

import { MOST_IDS, get, pages } from "./api.js";

const INDEX = ["fields", "id,number,is_read,accepted"];
const SUMMARY = [
  "fields",
  "id,number,is_read,accepted,subject,from_,headers,sender,recipients,refused_recipients,state,received_at,attachments,tags",
];
const MOST_KEPT = 5000; // summaries
const OUTCOMES = { true: (entry) => entry.accepted, false: (entry) => !entry.accepted, any: () => true };

export class MessageIndex extends EventTarget {
  #entries = []; // sorted by number; of some the id is not known yet
  #known = new Map(); // entries by id
  #summaries = new Map(); // by number
  #stale = new Set(); // numbers of messages whose summaries are to be fetched again
  #criteria = [];
  #outcome = "true";
  #version = 0;
  isLoaded = false;

  get length() {
    return this.#entries.length;
  }

  get unread() {
    return this.#entries.reduce((sum, entry) => sum + !entry.is_read, 0);
  }

  get isFiltered() {
    return this.#criteria.length > 0 || this.#outcome !== "true";
  }

  // The entry of a row; row 0 is the newest.
  at(row) {
    return this.#entries[this.#entries.length - 1 - row];
  }

  has(number) {
    return this.#entries[this.#place(number)]?.number === number;
  }

  // The row of a message; where it is not there, of the next newer one.
  rowOf(number) {
    return this.#entries.length - 1 - this.#place(number);
  }

  summary(number) {
    return this.#summaries.get(number);
  }

  // Return the id of a message; "" if it is not there any more.
  async identify(number) {
    const row = this.rowOf(number);
    if (this.has(number) && !this.at(row).id) await this.fetch(row, row + 1);
    return (this.has(number) && this.at(this.rowOf(number)).id) || "";
  }

  // Read everything that matches. Raises `Problem` if the search is invalid; then nothing changes.
  async load(criteria = this.#criteria, outcome = this.#outcome) {
    const version = (this.#version += 1);
    const isOther = JSON.stringify([criteria, outcome]) !== JSON.stringify([this.#criteria, this.#outcome]);
    const entries = [];
    for await (const page of pages("/messages", [...criteria, ["accepted", outcome], INDEX])) {
      if (version !== this.#version) return;
      entries.push(...page.messages);
    }
    if (version !== this.#version) return;
    this.#criteria = criteria;
    this.#outcome = outcome;
    this.#entries = entries;
    this.#known = new Map(entries.map((entry) => [entry.id, entry]));
    this.#forgetSummaries();
    this.isLoaded = true;
    this.#changed({ isUrgent: true, isOther });
  }

  // Take over what has happened. It is urgent if somebody here has done it.
  async apply(changes, { isUrgent = false } = {}) {
    const isLost = changes.some(({ topic, action }) => topic === "reset" || action === "all");
    const told = changes.filter(({ topic }) => topic === "message");
    if (!isLost && !told.length) return;
    if (isLost || !this.isLoaded) {
      await this.load();
      return;
    }
    const gone = new Set();
    for (const entry of await this.#present(told)) {
      if (OUTCOMES[this.#outcome](entry) && entry.isMatch) this.#put(entry);
      else if (this.has(entry.number)) gone.add(entry.number);
    }
    const removed = told.flatMap(({ ids, action }) => (action === "added" ? [] : (ids ?? [])));
    if (removed.length && this.#known.size < this.#entries.length && removed.some((id) => !this.#known.has(id))) {
      await this.load(); // it may be one whose id is not known
      return;
    }
    for (const id of removed) if (this.#known.has(id)) gone.add(this.#known.get(id).number);
    const dropped = Math.max(0, ...told.filter(({ action }) => action === "dropped").map(({ last }) => last));
    this.#remove((number) => number <= dropped || gone.has(number), dropped > 0 || gone.size > 0);
    this.#changed({ isUrgent });
  }

  // Fetch what some rows show, unless it is known.
  async fetch(first, end) {
    const rows = [];
    for (let row = Math.min(end, this.length) - 1; row >= first; row -= 1) rows.push(this.at(row)); // oldest first
    const missing = rows.filter(({ number }) => !this.#summaries.has(number) || this.#stale.has(number));
    if (!missing.length) return;
    if (this.#summaries.size > MOST_KEPT) this.#forgetSummaries();
    const found = missing.every(({ id }) => id)
      ? await this.#ask(missing.map(({ id }) => id), SUMMARY)
      : await this.#following(missing[0].number, rows.length - rows.indexOf(missing[0]));
    for (const summary of found) {
      const { id, number, is_read, accepted } = summary;
      this.#summaries.set(number, summary);
      this.#stale.delete(number);
      if (this.has(number)) this.#put({ id, number, is_read, accepted });
    }
  }

  // The messages that were added or changed, as entries; `isMatch` is false for those that do not match the criteria.
  async #present(told) {
    const changed = told.filter(({ id, number }) => id && number !== undefined);
    const added = told.filter(({ action }) => action === "added");
    changed.forEach(({ number }) => this.#stale.add(number));
    if (!this.#criteria.length) {
      return [...added.flatMap(entriesOf), ...changed.map(({ id, number, is_read, accepted }) => ({ id, number, is_read, accepted, isMatch: true }))];
    }
    const criteria = [...this.#criteria, ["accepted", this.#outcome]];
    const matching = new Map((await this.#ask(changed.map(({ id }) => id), INDEX, criteria)).map((entry) => [entry.id, entry]));
    if (added.length) {
      const before = Math.min(...added.map(({ first }) => first)) - 1;
      for await (const { messages } of pages("/messages", [...criteria, INDEX], before)) messages.forEach((entry) => matching.set(entry.id, entry));
    }
    return [
      ...changed.filter(({ id }) => !matching.has(id)).map(({ id, number }) => ({ id, number, isMatch: false })),
      ...[...matching.values()].map((entry) => ({ ...entry, isMatch: true })),
    ];
  }

  async #ask(ids, fields, criteria = [["accepted", "any"]]) {
    const found = [];
    for (let start = 0; start < ids.length; start += MOST_IDS) {
      const asked = ids.slice(start, start + MOST_IDS).map((id) => ["id", id]);
      found.push(...(await get("/messages", [...criteria, fields, ...asked])).messages);
    }
    return found;
  }

  // So many messages from a number on, of those that have no criterion to meet but their outcome.
  async #following(number, count) {
    return (await get("/messages", [["accepted", this.#outcome], SUMMARY, ["after", number - 1], ["limit", count]])).messages;
  }

  #put({ id, number, is_read, accepted }) {
    const place = this.#place(number);
    let entry = this.#entries[place];
    if (entry?.number !== number) {
      entry = { id, number, is_read: false, accepted };
      this.#entries.splice(place, 0, entry);
    }
    entry.accepted = accepted;
    entry.is_read = is_read ?? entry.is_read;
    if (id) {
      entry.id = id;
      this.#known.set(id, entry);
    }
  }

  #remove(isGone, isAny) {
    if (!isAny) return;
    const [gone, left] = [[], []];
    for (const entry of this.#entries) (isGone(entry.number) ? gone : left).push(entry);
    for (const { id, number } of gone) {
      this.#known.delete(id);
      this.#summaries.delete(number);
      this.#stale.delete(number);
    }
    this.#entries = left;
  }

  #forgetSummaries() {
    this.#summaries.clear();
    this.#stale.clear();
  }

  // The place of a number in the entries, which are sorted by it.
  #place(number) {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle].number < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #changed(detail) {
    this.dispatchEvent(new CustomEvent("change", { detail }));
  }
}

// The entries of messages that were added together.
function entriesOf({ first, last, accepted, ids = [] }) {
  return Array.from({ length: last - first + 1 }, (_, place) => ({ id: ids[place], number: first + place, accepted, isMatch: true }));
}
