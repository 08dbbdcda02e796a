// Which messages match, and what is known of them. The index holds the id of every message, oldest first, and is kept
// up to date by events; what a row shows is fetched when it becomes visible.

import { MOST, MOST_IDS, get, pages } from "./api.js";

const INDEX = ["fields", "id,number,is_read,accepted"];
const SUMMARY = [
  "fields",
  "id,number,is_read,accepted,subject,from_,headers,sender,recipients,refused_recipients,state,received_at,attachments,tags",
];
const MOST_KEPT = 5000; // summaries
const OUTCOMES = { true: (entry) => entry.accepted, false: (entry) => !entry.accepted, any: () => true };

export class MessageIndex extends EventTarget {
  #entries = [];
  #known = new Map(); // entries by id
  #summaries = new Map();
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

  rowOf(id) {
    const entry = this.#known.get(id);
    return entry ? this.#entries.length - 1 - this.#place(entry.number) : -1;
  }

  summary(id) {
    return this.#summaries.get(id);
  }

  // Read everything that matches. Raises `Problem` if the search is invalid; then nothing changes.
  async load(criteria = this.#criteria, outcome = this.#outcome) {
    const version = (this.#version += 1);
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
    this.#summaries.clear();
    this.isLoaded = true;
    this.#changed(0);
  }

  async apply(changes) {
    if (changes.some(({ topic, action }) => topic === "reset" || (topic === "purge" && action === "all"))) {
      await this.load();
      return;
    }
    const touched = new Map();
    for (const change of changes) {
      if (change.topic === "message") touched.set(change.id, change);
      if (change.topic === "purge") for (const id of change.ids) touched.set(id, { id });
    }
    if (!touched.size) return;
    if (!this.isLoaded || (this.#criteria.length && touched.size > MOST)) {
      await this.load();
      return;
    }
    const before = this.#entries.length;
    const matching = await this.#matching([...touched.values()]);
    const gone = new Set();
    for (const { id } of touched.values()) {
      this.#summaries.delete(id);
      const entry = matching.get(id);
      if (entry) this.#put(entry);
      else if (this.#known.delete(id)) gone.add(id);
    }
    if (gone.size) this.#entries = this.#entries.filter((entry) => !gone.has(entry.id));
    this.#changed(Math.max(0, this.#entries.length - before));
  }

  // Fetch what the rows of some messages show.
  async fetch(ids) {
    const missing = ids.filter((id) => !this.#summaries.has(id));
    if (!missing.length) return;
    if (this.#summaries.size > MOST_KEPT) this.#summaries.clear();
    for (const summary of await this.#ask(missing, SUMMARY)) this.#summaries.set(summary.id, summary);
    this.#changed(0);
  }

  async #matching(touched) {
    const present = touched.filter((change) => change.number !== undefined);
    const entries = this.#criteria.length
      ? await this.#ask(present.map(({ id }) => id), INDEX, [...this.#criteria, ["accepted", this.#outcome]])
      : present.filter(OUTCOMES[this.#outcome]);
    return new Map(entries.map(({ id, number, is_read, accepted }) => [id, { id, number, is_read, accepted }]));
  }

  async #ask(ids, fields, criteria = [["accepted", "any"]]) {
    const found = [];
    for (let start = 0; start < ids.length; start += MOST_IDS) {
      const asked = ids.slice(start, start + MOST_IDS).map((id) => ["id", id]);
      found.push(...(await get("/messages", [...criteria, fields, ...asked])).messages);
    }
    return found;
  }

  #put(entry) {
    const known = this.#known.get(entry.id);
    if (known) {
      Object.assign(known, entry);
      return;
    }
    this.#known.set(entry.id, entry);
    this.#entries.splice(this.#place(entry.number), 0, entry);
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

  #changed(added) {
    this.dispatchEvent(new CustomEvent("change", { detail: { added } }));
  }
}
