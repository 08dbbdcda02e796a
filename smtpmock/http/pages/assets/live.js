// What happens at the server, at most ten times a second however much that is.
//
// `changes` is an event whose `detail` has the events since the last one, in order; `state` says whether the server
// can be reached. Events that were lost are told by one named `reset`.

import { API } from "./api.js";

const PAUSE = 100; // ms
const RETRY = 1000; // ms, where the browser has given up
const TOPICS = ["message", "session", "purge", "rule", "reset"];

class Live extends EventTarget {
  #waiting = [];
  #isDue = false;
  isConnected = false;

  start() {
    const source = new EventSource(`${API}/events`);
    source.addEventListener("open", () => this.#tell(true));
    source.addEventListener("error", () => {
      this.#tell(false);
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(() => {
          this.#add("reset", {});
          this.start();
        }, RETRY);
      }
    });
    for (const topic of TOPICS) source.addEventListener(topic, (event) => this.#add(topic, JSON.parse(event.data)));
  }

  #tell(isConnected) {
    if (isConnected === this.isConnected) return;
    this.isConnected = isConnected;
    this.dispatchEvent(new CustomEvent("state", { detail: isConnected }));
  }

  #add(topic, data) {
    this.#waiting.push({ topic, ...data });
    if (this.#isDue) return;
    this.#isDue = true;
    setTimeout(() => {
      this.#isDue = false;
      this.dispatchEvent(new CustomEvent("changes", { detail: this.#waiting.splice(0) }));
    }, PAUSE);
  }
}

export const live = new Live();

// Call a function with each batch of changes while an element is in the page.
export function whileShown(element, listener) {
  const listen = (event) => {
    if (element.isConnected) listener(event.detail);
    else live.removeEventListener("changes", listen);
  };
  live.addEventListener("changes", listen);
}
