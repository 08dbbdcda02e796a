// The HTML of a message in a frame in which nothing runs, and which loads nothing from elsewhere unless it is told to.

import { API } from "./api.js";
import { h } from "./dom.js";

const WIDTHS = { phone: ["Phone", "375 px"], tablet: ["Tablet", "768 px"], desktop: ["Desktop", "The width of the window"] };
let width = "desktop";

export function rendered(message) {
  const url = `${API}/messages/${encodeURIComponent(message.id)}/html?embed=true`;
  const frame = h("iframe", {
    title: "HTML of the message",
    sandbox: "allow-popups allow-popups-to-escape-sandbox",
    referrerpolicy: "no-referrer",
    src: url,
    class: width,
  });
  const widths = h(
    "div",
    { role: "group", "aria-label": "Width", class: "actions" },
    ...Object.entries(WIDTHS).map(([name, [label, title]]) =>
      h(
        "button",
        {
          type: "button",
          title,
          "data-width": name,
          "aria-pressed": String(name === width),
          onclick: () => {
            width = name;
            frame.className = name;
            for (const one of widths.children) one.setAttribute("aria-pressed", String(one.dataset.width === name));
          },
        },
        label,
      ),
    ),
  );
  const remote = h(
    "button",
    {
      type: "button",
      class: "remote",
      "aria-pressed": "false",
      onclick: () => {
        const isWanted = remote.getAttribute("aria-pressed") === "false";
        remote.setAttribute("aria-pressed", String(isWanted));
        frame.src = isWanted ? `${url}&remote=true` : url;
      },
    },
    "Load remote content",
  );
  return h("div", { class: "rendered" }, h("div", { class: "actions" }, widths, remote), h("div", { class: "stage", tabindex: 0, role: "group", "aria-label": "Frame" }, frame));
}
