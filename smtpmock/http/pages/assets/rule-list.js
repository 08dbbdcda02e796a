// <rule-list>: the active rules with their hits, profiles, ready-made and other rules to add; the clock; offline and online.

import { get, post, remove } from "./api.js";
import { bdi, button, h, refill, uniqueId } from "./dom.js";
import { keepLoaded } from "./live.js";
import "./profile-chooser.js";
import { split } from "./search.js";
import { count } from "./words.js";

// The fields of each form: name, label, kind, initial value. A field that is left empty is not sent.
const READY_MADE = {
  greylist: ["Greylist", [["recipient", "Recipient", "text", "*"], ["retry_after", "Retry after (seconds)", "number", "300"]]],
  reject_recipient: ["Reject a recipient", [["pattern", "Recipient", "text", "*@example.com"], ["reply", "Reply", "text", "550 5.1.1 No such user"]]],
  fail_next: ["Fail the next messages", [["count", "Messages", "number", "1"], ["reply", "Reply", "text", ""]]],
  limit_rate: ["Limit the rate", [["messages", "Messages", "number", "10"], ["per", "Per (seconds)", "number", "60"]]],
  limit_connections: ["Limit connections", [["connections", "Connections", "number", "1"]]],
};
const STAGES = ["connect", "HELO", "EHLO", "MAIL FROM", "RCPT TO", "DATA", "body", "message", "RSET", "NOOP", "QUIT", "STARTTLS", "AUTH", "BDAT", "VRFY", "HELP", "command", "*"];
const OWN = [
  ["stage", "Stage", STAGES, "RCPT TO"],
  ["sender", "Sender", "text", ""],
  ["recipient", "Recipient", "text", ""],
  ["subject", "Subject", "text", ""],
  ["times", "Times", "number", ""],
  ["delay", "Delay (seconds)", "number", ""],
  ["reply", "Reply", "text", "450 4.2.1 Busy"],
  ["more", "Further words, such as then=close", "text", ""],
];

export class RuleList extends HTMLElement {
  #list = h("div");
  #state = h("p", { role: "status" });
  #profiles = h("profile-chooser");
  #listening = h("span");
  #isOnline = true;
  #switch = button("", () => this.#do(() => this.#go(!this.#isOnline)));

  connectedCallback() {
    this.#profiles.act = (action) => this.#do(action);
    this.replaceChildren(
      h("h2", { tabindex: -1 }, "Rules"),
      this.#list,
      this.#state,
      h("h3", {}, "Profile"),
      h("p", { class: "quiet" }, "The server behaves as a provider or another server does."),
      this.#profiles,
      h("h3", {}, "Add a rule"),
      h(
        "div",
        { class: "forms" },
        ...Object.entries(READY_MADE).map(([name, [label, fields]]) => this.#form(label, fields, (words) => ({ [name]: words }))),
        this.#form("Any other rule", OWN, withFurtherWords, "wide"),
      ),
      h("h3", {}, "Clock"),
      h("p", { class: "quiet" }, "Greylists and rate limits read this clock."),
      this.#clock(),
      h("h3", {}, "Connections"),
      h("div", { class: "actions" }, this.#listening, this.#switch),
    );
    keepLoaded(this, () => this.#load(), ({ topic }) => topic === "rule");
  }

  // Do something, and say how it went.
  async #do(action) {
    try {
      this.#say(await action(), "");
    } catch (error) {
      this.#say(error.message, "wrong");
    }
    await this.#load();
  }

  #say(text, kind) {
    this.#state.textContent = text;
    this.#state.className = kind;
  }

  async #load() {
    let answers;
    try {
      answers = await Promise.all([get("/rules", [["limit", 1000]]), get("/profile"), get("/server")]);
    } catch (error) {
      this.#say(error.message, "wrong");
      return;
    }
    const [{ rules, total }, { profile }, { smtp, settings }] = answers;
    const rows = [
      rules.length
        ? h("ul", { class: "rows" }, ...rules.map((rule) => this.#row(rule)))
        : h("p", { class: "quiet" }, "There are no rules: the server accepts what its settings allow."),
      rules.length > 1 ? button(`Remove all ${total} rules`, () => this.#do(async () => (await remove("/rules"), "All rules are removed."))) : "",
    ];
    refill(this.#list, rows, this.querySelector("h2"));
    this.#profiles.show(profile, settings.profile);
    this.#isOnline = smtp.online;
    this.#listening.textContent = smtp.online ? `Listening on ${smtp.address}. ` : "Offline: SMTP connections are refused. ";
    this.#switch.textContent = smtp.online ? "Refuse connections" : "Accept connections again";
  }

  async #go(isOnline) {
    await post(isOnline ? "/online" : "/offline", {});
    return isOnline ? "SMTP connections are accepted again." : "SMTP connections are refused now.";
  }

  #row(rule) {
    return h(
      "li",
      {},
      h("code", {}, bdi(rule.summary)),
      rule.profile ? h("span", { class: "mark tag" }, "profile ", bdi(rule.profile)) : "",
      h("span", { class: "mark" }, count(rule.hits, "hit")),
      button("Remove", () => this.#do(async () => (await remove(`/rules/${encodeURIComponent(rule.id)}`), "The rule is removed.")), {
        "aria-label": `Remove ${rule.id}: ${rule.summary}`,
      }),
    );
  }

  #form(label, fields, body, kind = "") {
    const inputs = fields.map(([name, text, kind, value]) => [name, kind, field(text, kind, value)]);
    return h(
      "form",
      {
        "aria-label": label,
        class: kind,
        onsubmit: (event) => {
          event.preventDefault();
          const words = inputs
            .map(([name, kind, { input }]) => [name, input.value.trim(), kind])
            .filter(([, value]) => value !== "")
            .map(([name, value, kind]) => [name, kind === "number" ? Number(value) : value]);
          this.#do(async () => (await post("/rules", body(Object.fromEntries(words))), "The rule is added."));
        },
      },
      h("h4", {}, label),
      h("div", { class: "fields" }, ...inputs.map(([, , { element }]) => element)),
      h("button", { type: "submit" }, "Add", h("span", { class: "hidden" }, `: ${label}`)),
    );
  }

  #clock() {
    const { element, input } = field("Seconds", "number", "300");
    return h(
      "form",
      {
        class: "actions",
        "aria-label": "Clock",
        onsubmit: (event) => {
          event.preventDefault();
          this.#do(async () => ahead(await post("/clock", { advance: Number(input.value) })));
        },
      },
      element,
      h("button", { type: "submit" }, "Advance the clock"),
      button("Reset the clock", () => this.#do(async () => ahead(await post("/clock", { reset: true })))),
    );
  }
}

// The words of a rule with those that were typed as name=value.
function withFurtherWords({ more = "", ...words }) {
  const [pairs, rest] = split(more);
  if (rest) throw new Error(`Invalid words '${rest}': expected name=value`);
  const number = (value) => (/^\d+(\.\d+)?$/.test(value) ? Number(value) : value);
  return { ...words, ...Object.fromEntries(pairs.map(([name, value]) => [name, number(value)])) };
}

const ahead = (clock) => `The clock is ${clock.ahead} seconds ahead.`;

function field(label, kind, value) {
  const id = uniqueId("field");
  const input = Array.isArray(kind)
    ? h("select", { id }, ...kind.map((name) => h("option", { selected: name === value }, name)))
    : h("input", { id, value, type: kind, ...(kind === "number" ? { min: 0, step: "any" } : { spellcheck: "false", autocomplete: "off" }) });
  return { input, element: h("p", { class: "field" }, h("label", { for: id }, label), input) };
}

customElements.define("rule-list", RuleList);
