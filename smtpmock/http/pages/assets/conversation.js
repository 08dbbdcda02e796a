// <smtp-conversation>: what a client and the server said, and what caused each reply.

import { bdi, h, visible } from "./dom.js";
import { cause, isRefusal, request } from "./words.js";

export class SmtpConversation extends HTMLElement {
  // `session` is a session with its exchanges; `marked` are the numbers of those to point out.
  show(session, marked = []) {
    const wrong = new Map();
    for (const violation of session.violations) {
      const number = violation.exchange?.number ?? 0;
      wrong.set(number, [...(wrong.get(number) ?? []), violation]);
    }
    const started = Date.parse(session.started_at);
    this.replaceChildren(
      h(
        "ol",
        { class: "talk" },
        ...session.exchanges.map((exchange) =>
          h(
            "li",
            { class: marked.includes(exchange.number) ? "marked" : "" },
            h("span", { class: "at" }, `+${(Math.max(0, Date.parse(exchange.time) - started) / 1000).toFixed(3)}`),
            request(exchange) ? said("client", "Client", request(exchange)) : "",
            ...(wrong.get(exchange.number) ?? []).map(violationNote),
            reply(exchange),
          ),
        ),
      ),
      ...(wrong.get(0) ?? []).map(violationNote),
      session.tls_error ? h("p", { class: "wrong" }, "The TLS handshake failed: ", bdi(session.tls_error)) : "",
      h("p", { class: "quiet" }, session.ended_at ? "The session has ended." : "The session is still open."),
    );
  }
}

function said(kind, who, text, ...notes) {
  return h("div", { class: `said ${kind}` }, h("span", { class: "hidden" }, `${who}: `), h("code", {}, visible(text)), ...notes);
}

function reply(exchange) {
  const delay = exchange.delay ? `after ${Number(exchange.delay.toFixed(3))} s, ` : "";
  const note = h("span", { class: "cause" }, delay, "because of ", bdi(cause(exchange)));
  const text = exchange.reply || "(no reply)";
  return said(`server${isRefusal(exchange) ? " refused" : ""}`, "Server", text, note);
}

export function violationNote(violation) {
  return h("div", { class: "wrong" }, h("strong", {}, violation.code), `: ${violation.text} (${violation.rfc})`);
}

customElements.define("smtp-conversation", SmtpConversation);
