// Work that is asked for often and done now and then: at once if it has rested, then after half a second, then once in a
// second while it goes on. A rest is ten times as long as the work took, so that this takes no more than a tenth of the time.

const LEAST = 500; // ms
const SHARE = 10;

export class Pace {
  #work;
  #least;
  #isIdle;
  #isBusy = false;
  #isWanted = false;
  #timer = 0;

  // While `isIdle()` nothing is done; it is asked again when the page is shown.
  constructor(work, { least = LEAST, isIdle = () => document.hidden } = {}) {
    this.#work = work;
    this.#least = least;
    this.#isIdle = isIdle;
  }

  // Have the work done as soon as it may be.
  request = () => {
    this.#isWanted = true;
    if (this.#isBusy) return;
    if (this.#isIdle()) document.addEventListener("visibilitychange", this.request, { once: true });
    else this.now();
  };

  // Do the work, whatever there was before.
  now() {
    return this.#run(this.#least);
  }

  async #run(least) {
    clearTimeout(this.#timer);
    this.#isBusy = true;
    this.#isWanted = false;
    const begin = performance.now();
    try {
      await this.#work();
    } finally {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#rested(), Math.max(least, SHARE * (performance.now() - begin)));
    }
  }

  #rested() {
    this.#isBusy = false;
    if (!this.#isWanted) return;
    if (this.#isIdle()) this.request();
    else this.#run(2 * this.#least);
  }
}
