// <empty-inbox>: how to send mail here, while there is none.

import { get } from "./api.js";
import { h } from "./dom.js";
import { copyButton } from "./copy-test.js";

const at = (host, port) => `${host.includes(":") ? `[${host}]` : host}:${port}`;

const FRAMEWORKS = {
  Django: (host, port) => `EMAIL_HOST = "${host}"\nEMAIL_PORT = ${port}`,
  "Flask-Mail": (host, port) => `MAIL_SERVER = "${host}"\nMAIL_PORT = ${port}`,
  Rails: (host, port) => `config.action_mailer.delivery_method = :smtp\nconfig.action_mailer.smtp_settings = { address: "${host}", port: ${port} }`,
  Laravel: (host, port) => `MAIL_MAILER=smtp\nMAIL_HOST=${host}\nMAIL_PORT=${port}`,
  "Spring Boot": (host, port) => `spring.mail.host=${host}\nspring.mail.port=${port}`,
  Nodemailer: (host, port) => `nodemailer.createTransport({ host: "${host}", port: ${port}, ignoreTLS: true })`,
  curl: (host, port) => `printf 'Subject: hello\\r\\n\\r\\nhi\\r\\n' | curl -sS smtp://${at(host, port)} --mail-from me@example.com --mail-rcpt you@example.com -T -`,
};

export class EmptyInbox extends HTMLElement {
  async connectedCallback() {
    try {
      const { smtp } = await get("/server");
      this.#draw(smtp.public ?? smtp);
    } catch (error) {
      this.replaceChildren(h("p", { class: "wrong", role: "alert" }, error.message));
    }
  }

  #draw({ host, port }) {
    this.replaceChildren(
      h("h2", {}, "There is no mail yet"),
      h("p", {}, "Send it to ", h("code", {}, at(host, port)), ". The settings for some frameworks:"),
      h("div", { class: "frameworks" }, ...Object.entries(FRAMEWORKS).map(([name, make]) => settings(name, make(host, port)))),
    );
  }
}

function settings(name, text) {
  const state = h("span", { role: "status" });
  const copy = copyButton(() => text, state);
  copy.setAttribute("aria-label", `Copy the settings for ${name}`);
  return h("section", {}, h("div", { class: "headline" }, h("h3", {}, name), h("div", { class: "actions" }, state, copy)), h("pre", { tabindex: 0 }, text));
}

customElements.define("empty-inbox", EmptyInbox);
