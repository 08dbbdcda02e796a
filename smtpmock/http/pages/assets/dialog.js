// Dialogs: made when they are opened, and gone when they are closed.

import { button, h, uniqueId } from "./dom.js";

export function openDialog(title, ...content) {
  const id = uniqueId("dialog");
  const dialog = h("dialog", { "aria-labelledby": id, onclose: () => dialog.remove() }, h("h2", { id }, title), ...content);
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// A button that closes the dialog that it is in, with a result.
export const closing = (label, result = "", properties = {}) =>
  button(label, (event) => event.target.closest("dialog").close(result), properties);

// True if a person confirms what is asked.
export function confirmed(question, action) {
  return new Promise((resolve) => {
    const dialog = openDialog(question, h("div", { class: "actions" }, closing(action, "yes", { class: "danger" }), closing("Cancel")));
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
  });
}
