// Calls every method of mailpit-api at the URL that is given, and prints what each returned, in order.
import { MailpitClient } from "mailpit-api";

const mailpit = new MailpitClient(process.argv[2]);
const results = [];

async function record(name, promise) {
  let value;
  try {
    value = await promise;
    if (value instanceof Blob) {
      value = { type: value.type, text: await value.text() };
    }
  } catch (error) {
    value = { error: error.message };
  }
  results.push([name, value]);
  return value;
}

await record("deleteMessages", mailpit.deleteMessages());
const sent = await record(
  "sendMessage",
  mailpit.sendMessage({
    From: { Email: "shop@example.com", Name: "Shop" },
    To: [{ Email: "bob@example.com", Name: "Bob" }, { Email: "carol@example.com" }],
    Subject: "Your order",
    Text: "Hello",
    HTML: "<p>Hello</p>",
    Attachments: [{ Filename: "a.txt", Content: btoa("content"), ContentType: "text/plain" }],
  }),
);
await record("sendMessage", mailpit.sendMessage({ From: { Email: "a@example.com" }, To: [{ Email: "dave@example.com" }] }));
await record("getInfo", mailpit.getInfo());
await record("getConfiguration", mailpit.getConfiguration());
await record("listMessages", mailpit.listMessages());
await record("listMessages", mailpit.listMessages(1, 1));
await record("searchMessages", mailpit.searchMessages({ query: "to:bob", start: 0, limit: 5, tz: "Europe/Berlin" }));
const message = await record("waitForMessage", mailpit.waitForMessage({ query: "subject:order" }));
await record("waitForMessages", mailpit.waitForMessages({ query: "from:example.com", count: 2, exact: true }));
await record("waitForMessages", mailpit.waitForMessages({ count: 1 }, { timeout: 1000 }));
await record("waitForMessage", mailpit.waitForMessage({ query: "to:nobody" }, { timeout: 1, interval: 1 }));
await record("getMessageSummary", mailpit.getMessageSummary());
await record("getMessageSummary", mailpit.getMessageSummary("no-such-id"));
await record("getMessageHeaders", mailpit.getMessageHeaders(sent.ID));
await record("getMessageSource", mailpit.getMessageSource(sent.ID));
await record("getMessageAttachment", mailpit.getMessageAttachment(sent.ID, message.Attachments[0].PartID));
await record("renderMessageHTML", mailpit.renderMessageHTML(sent.ID));
await record("renderMessageHTML", mailpit.renderMessageHTML(sent.ID, 1));
await record("renderMessageText", mailpit.renderMessageText(sent.ID));
await record("setReadStatus", mailpit.setReadStatus());
await record("setReadStatus", mailpit.setReadStatus({ IDs: [sent.ID], Read: true }));
await record("setReadStatus", mailpit.setReadStatus({ Search: "after:2025-04-30", Read: true }, { tz: "America/Chicago" }));
await record("setTags", mailpit.setTags({ IDs: [sent.ID], Tags: ["tag1", "tag 2"] }));
await record("getTags", mailpit.getTags());
await record("renameTag", mailpit.renameTag("tag 2", "tag 3"));
await record("deleteTag", mailpit.deleteTag("tag1"));
await record("getTags", mailpit.getTags());
await record("setTags", mailpit.setTags({ IDs: [sent.ID] }));
await record("getChaosTriggers", mailpit.getChaosTriggers());
await record("setChaosTriggers", mailpit.setChaosTriggers({ Sender: { ErrorCode: 451, Probability: 5 } }));
await record("setChaosTriggers", mailpit.setChaosTriggers());
await record("htmlCheck", mailpit.htmlCheck(sent.ID));
await record("linkCheck", mailpit.linkCheck(sent.ID, true));
await record("spamAssassinCheck", mailpit.spamAssassinCheck(sent.ID));
await record("getAttachmentThumbnail", mailpit.getAttachmentThumbnail(sent.ID, "2"));
await record("releaseMessage", mailpit.releaseMessage(sent.ID, ["bob@example.com"]));
await record("deleteMessagesBySearch", mailpit.deleteMessagesBySearch({ query: "to:dave" }));
await record("deleteMessages", mailpit.deleteMessages({ IDs: [sent.ID] }));
await record("listMessages", mailpit.listMessages());

const methods = Object.getOwnPropertyNames(MailpitClient.prototype).filter((name) => name !== "constructor" && name !== "request");
console.log(JSON.stringify({ results, methods }));
