// What is typed into the search field, as parameters of a query. `recipient=*@example.com` and `subject="Hello *"` are
// criteria of smtpmock; everything else is Mailpit's search language, which the server reads itself.

import { closing, openDialog } from "./dialog.js";
import { h } from "./dom.js";

const PAIR = /(^|\s)([a-z_]+)=(?:"([^"]*)"|(\S*))(?=\s|$)/g;

const HELP = [
  ["invoice, \"two words\"", "the text is anywhere in the message"],
  ["from:ann  to:bob  cc:  bcc:  subject:", "it is in that header"],
  ["is:unread  is:read  is:tagged  tag:urgent", "by what was marked"],
  ["has:attachment  has:inline", "it has attachments, or inline ones"],
  ["larger:100k  smaller:2m", "by size"],
  ["after:2026-11-20  before:2026-11-23", "by time"],
  ["-subject:invoice", "anything but that"],
  ["recipient=*@example.com  sender=  refused_recipient=", "by the envelope; * stands for any text"],
  ["subject=\"Your *\"  text=  link=  attachment=*.pdf", "by the content"],
  ["header=\"X-Order: 42\"", "by a header"],
  ["client=127.0.0.1  helo_name=  user=ann", "by the session"],
];

// The pairs name=value in a text, and what else there is.
export function split(text) {
  const pairs = [];
  const rest = text.replace(PAIR, (_, before, name, quoted, plain) => {
    pairs.push([name, quoted ?? plain]);
    return before;
  });
  return [pairs, rest.trim()];
}

export function parameters(text) {
  const [pairs, rest] = split(text);
  return rest ? [...pairs, ["q", rest]] : pairs;
}

export function showSearchHelp() {
  openDialog(
    "Search",
    h("p", {}, "All of the words have to match."),
    h("dl", { class: "help" }, ...HELP.map(([words, meaning]) => [h("dt", {}, words.split("  ").map((word) => [h("code", {}, word), " "])), h("dd", {}, meaning)])),
    h("div", { class: "actions" }, closing("Close")),
  );
}
