// <profile-chooser>: the profiles to choose from, what each is modelled on and changes, and the one in use.

import { get, pages, put, remove } from "./api.js";
import { bdi, button, descriptions, h, refill, uniqueId } from "./dom.js";

export class ProfileChooser extends HTMLElement {
  act = (action) => action(); // does something, and says how it went
  #profiles = [];
  #select = h("select", { id: uniqueId("profile"), onchange: () => this.#describe() });
  #about = h("div", { class: "about" });
  #inUse = h("div");

  async connectedCallback() {
    const form = h(
      "form",
      {
        "aria-label": "Profile",
        class: "wide",
        onsubmit: (event) => {
          event.preventDefault();
          this.act(() => this.#use(this.#select.value));
        },
      },
      h("p", { class: "field" }, h("label", { for: this.#select.id }, "Behave like"), this.#select),
      this.#about,
      h("button", { type: "submit" }, "Use this profile"),
    );
    this.replaceChildren(this.#inUse, h("div", { class: "forms" }, form));
    try {
      await this.#load();
    } catch (error) {
      this.#about.replaceChildren(h("p", { class: "wrong" }, error.message));
    }
  }

  // Show which profile is in use, and which one the server was started with.
  show(used, ofStart) {
    const rows = [
      ofStart ? h("p", { class: "quiet" }, "The server was started with the profile ", bdi(ofStart), ".") : "",
      used
        ? h(
            "p",
            { class: "actions" },
            h("span", {}, "In use: ", h("strong", {}, bdi(used.name))),
            button("End its use", () => this.act(() => this.#end(used.name))),
          )
        : "",
    ];
    refill(this.#inUse, rows, this.#select);
  }

  async #load() {
    for await (const { profiles } of pages("/profiles", [])) this.#profiles.push(...profiles);
    this.#select.replaceChildren(...this.#profiles.map(({ name }) => h("option", {}, name)));
    this.#describe();
  }

  #describe() {
    const profile = this.#profiles.find(({ name }) => name === this.#select.value);
    this.#about.replaceChildren(...(profile ? [description(profile)] : []));
  }

  async #use(name) {
    await put("/profile", { name });
    return `The profile ${name} is in use: its rules apply at once, its settings to new connections.`;
  }

  async #end(name) {
    await remove("/profile");
    return `The profile ${name} is no longer in use.`;
  }
}

function description({ title, sources, settings, rules }) {
  const values = Object.entries(settings).map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(", ") : value}`);
  return descriptions(
    [
      ["Modelled on", bdi(title)],
      ["Sources", ...sources.map(source)],
      ["Settings", ...values.map((value) => h("code", {}, bdi(value)))],
      ["Rules", ...rules.map(({ summary }) => h("code", {}, bdi(summary)))],
    ].filter(([, ...parts]) => parts.length),
  );
}

function source({ url, date, says }) {
  const address = new URL(url);
  const link = h("a", { href: address.href, target: "_blank", rel: "noreferrer" }, address.hostname);
  return [link, `, ${date}: `, bdi(says)];
}

customElements.define("profile-chooser", ProfileChooser);
