// What happens at the server: messages, sessions and rules, each told at most once a second however much that is.
//
// `changes` is an event whose `detail` has the changes since the last one, in order, each with its `topic`; `state` says
// whether the server can be reached. A change with the topic `reset` says that others were lost.

import { API } from "./api.js";
import { Pace } from "./pace.js";

const INTERVAL = 1; // seconds
const RETRY = 1000; // ms, where the browser has given up
const MOST_WAITING = 1000; // changes; who has to make up for more reads everything again
const TOPICS = { messages: "message", sessions: "session", rules: "rule" };
const RESET = { topic: "reset" };

class Live extends EventTarget {
  #hasBegun;
  #isFirst = true;
  isConnected = false;
  // Nothing is missed by what is read after this.
  begun = new Promise((resolve) => (this.#hasBegun = resolve));

  start() {
    const source = new EventSource(`${API}/events?interval=${INTERVAL}`);
    source.addEventListener("open", () => {
      this.#state(true);
      if (!this.#isFirst) this.#tell([RESET]);
      this.#isFirst = false;
      this.#hasBegun();
    });
    source.addEventListener("error", () => {
      this.#state(false);
      this.#isFirst = false;
      this.#hasBegun();
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.start(), RETRY);
    });
    source.addEventListener("reset", () => this.#tell([RESET]));
    for (const [name, topic] of Object.entries(TOPICS)) {
      source.addEventListener(name, ({ data }) => this.#tell(JSON.parse(data).changes.map((change) => ({ topic, ...change }))));
    }
  }

  #state(isConnected) {
    if (isConnected === this.isConnected) return;
    this.isConnected = isConnected;
    this.dispatchEvent(new CustomEvent("state", { detail: isConnected }));
  }

  #tell(changes) {
    this.dispatchEvent(new CustomEvent("changes", { detail: changes }));
  }
}

export const live = new Live();

// Add changes to those that wait.
export function collect(waiting, changes) {
  if (waiting.length + changes.length > MOST_WAITING) waiting.splice(0, Infinity, RESET);
  else waiting.push(...changes);
}

// Call a function now, and with the changes since its last call while an element is in the page: never twice at once, and
// at most twice a second, because it asks the server for much. It is not called for changes that do not concern it.
export async function keepLoaded(element, load, concerns) {
  const waiting = [];
  const pace = new Pace(async () => {
    if (element.isConnected) await load(waiting.splice(0));
  });

  const listen = ({ detail }) => {
    if (!element.isConnected) {
      live.removeEventListener("changes", listen);
      return;
    }
    collect(waiting, detail.filter((change) => change.topic === "reset" || concerns(change)));
    if (waiting.length) pace.request();
  };
  await live.begun;
  live.addEventListener("changes", listen);
  await pace.now();
}
