// Runs the commands of cypress-mailpit, as they are, against the URL that is given; prints what each yielded, in order.
// What they use of Cypress stands here: requests that follow redirects and fail unless the status is 2xx or 3xx.
import { readFile } from "node:fs/promises";

const url = process.argv[2];
const seen = [];

globalThis.Cypress = {
  expose: (name) => (name === "MAILPIT_URL" ? url : undefined),
  config: () => 2000,
};
globalThis.cy = {
  env: async () => ({}),
  wrap: async (value) => value,
  wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  async request({ method, url, qs, body }) {
    const target = new URL(url);
    for (const [name, value] of Object.entries(qs ?? {})) {
      target.searchParams.set(name, String(value));
    }
    const headers = body === undefined ? {} : { "Content-Type": "application/json" };
    const response = await fetch(target, { method, headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${response.status}: ${text}`);
    }
    const isJson = response.headers.get("Content-Type").startsWith("application/json");
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  },
};

const source = await readFile(new URL("node_modules/cypress-mailpit/dist/src/MailpitCommands.js", import.meta.url));
const { MailpitCommands } = await import(`data:text/javascript;base64,${source.toString("base64")}`);
const commands = new MailpitCommands();

async function record(name, ...values) {
  let result;
  try {
    result = await commands[name](...values);
  } catch (error) {
    result = { error: error.message };
  }
  seen.push([name, result]);
  return result;
}

await record("mailpitDeleteAllEmails");
await record("mailpitNotHasEmailsByTo", "jane@example.com");
await record("mailpitSendMail");
await record("mailpitSendMail", {
  subject: "Second",
  to: [{ Email: "bob@example.com", Name: "Bob" }],
  attachments: [{ Filename: "a.txt", Content: btoa("content") }],
});
await record("mailpitGetAllMails");
await record("mailpitHasEmailsBySubject", "Hello Mailpit");
await record("mailpitNotHasEmailsBySubject", "Third");
await record("mailpitHasEmailsByTo", "jane@example.com");
await record("mailpitHasEmailsBySearch", "has:attachment is:unread");
await record("mailpitNotHasEmailsBySearch", "is:read");
await record("mailpitNotHasEmailsByTo", "bob@example.com", 0, 50, { timeout: 1, interval: 1 });
await record("mailpitGetEmailsBySubject", "Second");
await record("mailpitGetEmailsByTo", "bob@example.com");
await record("mailpitSearchEmails", "from:from@example.com", 1, 1);
const mail = await record("mailpitGetMail");
for (const name of [
  ...["mailpitGetSubject", "mailpitGetFromAddress", "mailpitGetRecipientAddress", "mailpitGetAttachments"],
  ...["mailpitGetMailHTMlBody", "mailpitGetMailTextBody"],
  ...["mailpitGetMailSpamAssassinSummary", "mailpitGetMailSpamAssainSummary"],
  ...["mailpitSetStatusAsUnRead", "mailpitSetStatusAsRead"],
]) {
  await record(name, mail);
}
await record("mailpitSetAllEmailStatusAsUnRead");
await record("mailpitSetAllEmailStatusAsRead");
await record("mailpitDeleteEmailsBySearch", "to:bob@example.com");
await record("mailpitGetAllMails");

const names = [...MailpitCommands.parentCypressCommands, ...MailpitCommands.childCypressCommands];
console.log(JSON.stringify({ results: seen, methods: names }));
