// A message, or the attempt that failed, as a test in Robot Framework, pytest, or for a shell.

import { API } from "./api.js";
import { button, h, uniqueId } from "./dom.js";

const python = (text) => JSON.stringify(text).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).replace(/\\ud[89ab]..\\ud[c-f]../g, (pair) => `\\U${codePoint(pair).toString(16).padStart(8, "0")}`);
const codePoint = (pair) => JSON.parse(`"${pair}"`).codePointAt(0);
const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

// The value of a criterion in Robot Framework: variables, blanks and other marks are escaped.
function robot(text) {
  const escaped = text.replace(/[\\$@&%#=]/g, "\\$&").replace(/[\n\r\t]/g, (c) => ({ "\n": "\\n", "\r": "\\r", "\t": "\\t" })[c]);
  return escaped.replace(/ {2,}|^ | $/g, (blanks) => "\\x20".repeat(blanks.length)) || "${EMPTY}";
}

// The criteria that find the message. A text with * would be a pattern.
function criteria(message) {
  const recipient = [...message.recipients, ...message.refused_recipients][0];
  const plain = (text) => text && !text.includes("*") && !/^(REGEXP|GLOB):/i.test(text);
  return [["recipient", recipient], ["subject", message.accepted ? message.subject : ""]].filter(([, text]) => plain(text));
}

const replyOf = (message) => message.exchanges.find((exchange) => !exchange.accepted)?.reply ?? "";

export const FORMS = {
  "Robot Framework"(message) {
    const words = criteria(message).map(([name, value]) => `    ${name}=${robot(value)}`).join("");
    const steps = message.accepted
      ? [
          `    \${mail}=    Wait For Message${words}`,
          `    Should Be Equal    \${mail.sender}    ${robot(message.sender)}`,
          ...(message.links.length ? [`    Should Contain    \${mail.links}    ${robot(message.links[0])}`] : []),
        ]
      : [
          `    \${mail}=    Wait For Message${words}    accepted=False`,
          `    Should Be Equal    \${mail.state}    ${robot(message.state)}`,
        ];
    return ["*** Settings ***", "Library    SMTPMockLibrary", "", "*** Test Cases ***", "Application Sends The Mail", "    Start SMTP Mock", "    # Here the application sends the mail.", ...steps, ""].join("\n");
  },

  pytest(message) {
    const found = criteria(message);
    const words = [...found.map(([name, value]) => `${name}=${python(value)}`), ...(message.accepted ? [] : ["accepted=False"])].join(", ");
    const checks = message.accepted
      ? [`    assert mail.sender == ${python(message.sender)}`, ...(message.links.length ? [`    assert ${python(message.links[0])} in mail.links`] : [])]
      : [`    assert mail.state == ${python(message.state)}`];
    return ["def test_mail(smtpmock):", "    # Here the application sends the mail, to smtpmock.host and smtpmock.port.", `    mail = smtpmock.wait_for_message(${words})`, ...checks, ""].join("\n");
  },

  curl(message) {
    const words = [...criteria(message), ...(message.accepted ? [] : [["accepted", "false"]]), ["timeout", "5"]];
    return [`curl -fsS -G ${shell(`${location.origin}${API}/wait`)} \\`, ...words.map(([name, value]) => `  --data-urlencode ${shell(`${name}=${value}`)} \\`), "  | jq '.messages[0]'", ""].join("\n");
  },
};

export function copyAsTest(message) {
  const id = uniqueId("copy");
  const code = h("pre", { tabindex: 0, "aria-label": "Test" });
  const state = h("span", { role: "status" });
  const choose = h("select", { id, onchange: () => show() }, ...Object.keys(FORMS).map((name) => h("option", {}, name)));
  const show = () => {
    code.textContent = FORMS[choose.value](message);
    state.textContent = "";
  };
  const dialog = h(
    "dialog",
    { "aria-labelledby": `${id}-title`, onclose: () => dialog.remove() },
    h("h2", { id: `${id}-title` }, "Copy as test"),
    message.accepted ? "" : h("p", {}, `The server refused this attempt: ${replyOf(message)}`),
    h("p", {}, h("label", { for: id }, "Form "), choose),
    code,
    h("div", { class: "actions" }, copyButton(() => code.textContent, state), button("Close", () => dialog.close()), state),
  );
  document.body.append(dialog);
  show();
  dialog.showModal();
}

export function copyButton(text, state) {
  return button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(text());
      state.textContent = "Copied";
    } catch {
      state.textContent = "The browser does not allow it: select the text and copy it";
    }
  });
}
