// Keys: a letter does something unless it is typed into a field. Whoever is disturbed by that can turn it off.

import { closing, openDialog } from "./dialog.js";
import { h } from "./dom.js";

const KEY = "smtpmock.shortcuts";
const HELP = [
  ["j, k", "next and previous message"],
  ["Enter", "open the message"],
  ["/", "search"],
  ["u", "back to the list"],
  ["U", "mark as unread"],
  ["#", "delete the message"],
  ["?", "this help"],
];

export function shortcuts(actions) {
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, select, textarea, dialog");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem(KEY) === "off") return;
    const isLink = event.key === "Enter" && event.target.closest?.("a, button, [role=tab]");
    if (isLink || !actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  });
}

export function showShortcuts() {
  const isOn = h("input", {
    type: "checkbox",
    id: "shortcuts",
    checked: localStorage.getItem(KEY) !== "off",
    onchange: () => localStorage.setItem(KEY, isOn.checked ? "on" : "off"),
  });
  openDialog(
    "Keys",
    h("dl", { class: "help" }, ...HELP.map(([keys, meaning]) => [h("dt", {}, keys.split(", ").map((key) => [h("kbd", {}, key), " "])), h("dd", {}, meaning)])),
    h("p", { class: "check" }, isOn, h("label", { for: "shortcuts" }, "Keys without Ctrl or Alt do something")),
    h("div", { class: "actions" }, closing("Close")),
  );
}
