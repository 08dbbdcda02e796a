// A message, an attempt that failed, or a session as a test in Robot Framework, pytest, or for a shell.

import { API, get } from "./api.js";
import { closing, openDialog } from "./dialog.js";
import { button, h, uniqueId } from "./dom.js";
import { isRefusal } from "./words.js";

const python = (text) => JSON.stringify(text).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).replace(/\\ud[89ab]..\\ud[c-f]../g, (pair) => `\\U${codePoint(pair).toString(16).padStart(8, "0")}`);
const codePoint = (pair) => JSON.parse(`"${pair}"`).codePointAt(0);
const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

// The value of a criterion in Robot Framework: variables, blanks and other marks are escaped.
function robot(text) {
  const escaped = text.replace(/[\\$@&%#=]/g, "\\$&").replace(/[\n\r\t]/g, (c) => ({ "\n": "\\n", "\r": "\\r", "\t": "\\t" })[c]);
  return escaped.replace(/ {2,}|^ | $/g, (blanks) => "\\x20".repeat(blanks.length)) || "${EMPTY}";
}

// A text with * would be a pattern.
const plain = ([, text]) => text && !text.includes("*") && !/^(REGEXP|GLOB):/i.test(text);

// What a test does: wait for something that meets criteria, then compare attributes of it, or look for items in them.
function ofMessage(message) {
  const recipient = [...message.recipients, ...message.refused_recipients][0];
  return {
    wait: "message",
    criteria: [["recipient", recipient], ["subject", message.accepted ? message.subject : ""]].filter(plain),
    isFailed: !message.accepted,
    equal: message.accepted ? [["sender", message.sender]] : [["state", message.state]],
    contain: message.accepted && message.links.length ? [["links", message.links[0]]] : [],
    refusal: message.accepted ? "" : (message.exchanges.find(isRefusal)?.reply ?? ""),
  };
}

function ofSession(session) {
  const refusal = session.exchanges.findLast(isRefusal)?.reply ?? "";
  return {
    wait: "session",
    criteria: [["helo_name", session.helo_name]].filter(plain),
    isFailed: false,
    equal: [],
    contain: [["replies", refusal || session.exchanges.at(-1)?.reply]].filter(([, reply]) => reply),
    refusal,
  };
}

const FORMS = {
  "Robot Framework"({ wait, criteria, isFailed, equal, contain }) {
    const isMessage = wait === "message";
    const found = isMessage ? "mail" : "session";
    const words = [...criteria.map(([name, value]) => `    ${name}=${robot(value)}`), isFailed ? "    accepted=False" : ""].join("");
    return [
      "*** Settings ***",
      "Library    SMTPMockLibrary",
      "",
      "*** Test Cases ***",
      isMessage ? "Application Sends The Mail" : "Application Talks To The Server",
      "    Start SMTP Mock",
      `    # Here the application ${isMessage ? "sends the mail" : "connects"}.`,
      `    \${${found}}=    Wait For ${isMessage ? "Message" : "Session"}${words}`,
      isMessage ? null : "    ${replies}=    Evaluate    [exchange.reply for exchange in $session.exchanges]",
      ...equal.map(([name, value]) => `    Should Be Equal    \${${found}.${name}}    ${robot(value)}`),
      ...contain.map(([name, value]) => `    Should Contain    \${${isMessage ? `${found}.${name}` : name}}    ${robot(value)}`),
    ];
  },

  pytest({ wait, criteria, isFailed, equal, contain }) {
    const isMessage = wait === "message";
    const found = isMessage ? "mail" : "session";
    const words = [...criteria.map(([name, value]) => `${name}=${python(value)}`), ...(isFailed ? ["accepted=False"] : [])].join(", ");
    return [
      `def test_${found}(smtpmock):`,
      `    # Here the application ${isMessage ? "sends the mail, to" : "connects to"} smtpmock.host and smtpmock.port.`,
      `    ${found} = smtpmock.wait_for_${wait}(${words})`,
      isMessage ? null : "    replies = [exchange.reply for exchange in session.exchanges]",
      ...equal.map(([name, value]) => `    assert ${found}.${name} == ${python(value)}`),
      ...contain.map(([name, value]) => `    assert ${python(value)} in ${isMessage ? `${found}.${name}` : name}`),
    ];
  },

  curl({ wait, criteria, isFailed, hasLogin }) {
    const isMessage = wait === "message";
    const words = [...(isMessage ? [] : [["for", "session"], ["include", "exchanges"]]), ...criteria, ...(isFailed ? [["accepted", "false"]] : []), ["timeout", "5"]];
    return [
      hasLogin ? "# SMTPMOCK_HTTP_AUTH is the login of the server, user:password." : null,
      `curl -fsS ${hasLogin ? '-u "$SMTPMOCK_HTTP_AUTH" ' : ""}-G ${shell(`${API}/wait`)} \\`,
      ...words.map(([name, value]) => `  --data-urlencode ${shell(`${name}=${value}`)} \\`),
      isMessage ? "  | jq '.messages[0]'" : "  | jq '.sessions[0].exchanges[].reply'",
    ];
  },
};

export const copyMessage = (message) => copyAsTest(ofMessage(message));
export const copySession = (session) => copyAsTest(ofSession(session));

async function copyAsTest(test) {
  const problem = h("p", { class: "wrong", role: "alert" });
  try {
    test.hasLogin = (await get("/server")).http.login;
  } catch (error) {
    problem.textContent = error.message;
  }
  const id = uniqueId("copy");
  const code = h("pre", { tabindex: 0, "aria-label": "Test" });
  const state = h("span", { role: "status" });
  const choose = h("select", { id, onchange: () => show() }, ...Object.keys(FORMS).map((name) => h("option", {}, name)));
  const show = () => {
    code.textContent = [...FORMS[choose.value](test).filter((line) => line !== null), ""].join("\n");
    state.textContent = "";
  };
  show();
  openDialog(
    "Copy as test",
    test.refusal ? h("p", {}, `The server refused this: ${test.refusal}`) : "",
    problem,
    h("p", {}, h("label", { for: id }, "Form "), choose),
    code,
    h("div", { class: "actions" }, copyButton(() => code.textContent, state), closing("Close"), state),
  );
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
