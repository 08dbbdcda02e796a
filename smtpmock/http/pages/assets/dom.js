// Elements are made of nodes and texts, never of markup: whatever a client has sent stays text.

export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

// A text of a client. Its direction is its own, and does not reach what stands beside it.
export const bdi = (text) => h("bdi", {}, visible(text));

// Control characters and those that reverse the order of others would make a text look like another one.
const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]/g;

export function visible(text) {
  return String(text).replace(INVISIBLE, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

export function button(label, onclick, properties = {}) {
  return h("button", { type: "button", onclick, ...properties }, label);
}

// Terms with their descriptions: [["From", node], …]
export function descriptions(rows) {
  return h("dl", {}, ...rows.map(([name, ...values]) => [h("dt", {}, name), ...values.map((value) => h("dd", {}, value))]));
}

// Replace what is in an element. What has the focus keeps it if it is there again, or else another element gets it.
export function refill(element, children, otherwise = null) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  element.replaceChildren(...children);
  if (!focused || focused === document.activeElement) return;
  const again = [...element.querySelectorAll("a, button, [tabindex]")].find((found) => found.isEqualNode(focused));
  (again ?? otherwise)?.focus({ preventScroll: true });
}

let lastId = 0;
export const uniqueId = (prefix) => `${prefix}-${(lastId += 1)}`;
