// Tabs as in the ARIA pattern: arrow keys move between them, and a panel is made when it is first shown.

import { h, uniqueId } from "./dom.js";

// `parts` is a list of [name, label, function that returns the content].
export function tabs(label, parts, chosen, onchoose) {
  const id = uniqueId("tabs");
  const list = h("div", { role: "tablist", "aria-label": label });
  const panel = h("div", { role: "tabpanel", id: `${id}-panel`, tabindex: 0 });

  function choose(name) {
    for (const tab of list.children) {
      const isChosen = tab.dataset.name === name;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      if (isChosen) panel.setAttribute("aria-labelledby", tab.id);
    }
    panel.replaceChildren(...[parts.find((part) => part[0] === name)[2]()].flat());
  }

  // What a person chose is shown of the next thing as well, if that has it.
  function pick(name) {
    choose(name);
    onchoose(name);
  }

  list.append(
    ...parts.map(([name, text]) =>
      h(
        "button",
        {
          type: "button",
          role: "tab",
          id: `${id}-${name}`,
          "data-name": name,
          "aria-controls": panel.id,
          onclick: () => pick(name),
        },
        text,
      ),
    ),
  );
  list.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -parts.length, End: parts.length }[event.key];
    if (steps === undefined) return;
    event.preventDefault();
    const place = [...list.children].indexOf(document.activeElement);
    const target = list.children[Math.min(parts.length - 1, Math.max(0, place + steps))];
    target.focus();
    pick(target.dataset.name);
  });
  choose(parts.some((part) => part[0] === chosen) ? chosen : parts[0][0]);
  return [list, panel];
}
