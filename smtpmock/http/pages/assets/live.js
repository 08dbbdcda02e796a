// What happens at the server, at most ten times a second however much that is.
//
// `changes` is an event whose `detail` has the events since the last one, in order; `state` says whether the server
// can be reached. Events that were lost are told by one named `reset`.

import { API } from "./api.js";

const PAUSE = 100; // ms
const RETRY = 1000; // ms, where the browser has given up
const BETWEEN_LOADS = 500; // ms
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

// Call a function now, and with the changes since its last call while an element is in the page: never twice at once, and
// at most twice a second, because it asks the server for much. It is not called for changes that do not concern it.
export function keepLoaded(element, load, concerns) {
  const waiting = [];
  let isBusy = false;

  async function run() {
    isBusy = true;
    await load(waiting.splice(0));
    setTimeout(() => {
      isBusy = false;
      if (waiting.length && element.isConnected) run();
    }, BETWEEN_LOADS);
  }

  const listen = ({ detail }) => {
    if (!element.isConnected) {
      live.removeEventListener("changes", listen);
      return;
    }
    waiting.push(...detail.filter((change) => change.topic === "reset" || concerns(change)));
    if (waiting.length && !isBusy) run();
  };
  live.addEventListener("changes", listen);
  return run();
}
