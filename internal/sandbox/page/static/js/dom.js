// Building and updating the document. Whatever comes from outside goes in as text nodes and attributes, never as markup.

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "textContent", "open", "selected", "files"]);

// el makes an element: el("button", {class: "button", "aria-label": "Close", onclick: close}, "Close").
// Attributes that are null, undefined or false are left out; children may be nodes, strings, nested lists or null.
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...flat(children));
  return node;
}

// fill replaces all children of a node.
export function fill(node, ...children) {
  node.replaceChildren(...flat(children));
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

// reconcile makes the children of parent follow items. A node stays as it is while its item is unchanged, so scrolling,
// focus and open spoilers survive an update; a changed item gets a new node, which takes over the focus.
export function reconcile(parent, items, keyOf, render) {
  const old = new Map();
  for (const node of parent.children) old.set(node.dataset.key, node);

  let cursor = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const version = JSON.stringify(item);
    let node = old.get(key);
    if (!node || node.shownVersion !== version) {
      const fresh = render(item, Boolean(node));
      fresh.dataset.key = key;
      fresh.shownVersion = version;
      if (node) {
        const focus = focusedIndex(node);
        if (cursor === node) cursor = fresh;
        node.replaceWith(fresh);
        if (focus >= 0) focusables(fresh)[focus]?.focus({ preventScroll: true });
      }
      node = fresh;
    }
    old.delete(key);
    if (node === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(node, cursor);
  }
  for (const node of old.values()) node.remove();
}

function focusables(node) {
  const selector = "button, a[href], input, select, textarea, [tabindex]";
  return [...(node.matches(selector) ? [node] : []), ...node.querySelectorAll(selector)];
}

function focusedIndex(node) {
  return node.contains(document.activeElement) ? focusables(node).indexOf(document.activeElement) : -1;
}

const ICONS = {
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4",
  send: "M5 12l14-7-4.500 14-3-6zM11.500 13L19 5",
  back: "M15 5l-7 7 7 7",
  close: "M6 6l12 12M18 6L6 18",
  more: "M12 6v.01M12 12v.01M12 18v.01",
  plus: "M12 5v14M5 12h14",
  edit: "M5 19l1-4L16 5l3 3L9 18zM14 7l3 3",
  columns: "M4 5h16v14H4zM12 5v14",
  network:
    "M12 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM5 22a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM19 22a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM12 8v4M7 16.500L12 12l5 4.500",
  attach:
    "M19 11.500l-7.500 7.500a4.500 4.500 0 0 1-6.500-6.500l8-8a3 3 0 0 1 4.500 4.500l-8 8a1.500 1.500 0 0 1-2-2.500L14.500 8",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20a7.500 7.500 0 0 1 15 0",
  people:
    "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20a6.500 6.500 0 0 1 13 0M16 4.500a3.500 3.500 0 0 1 0 6.500M18.500 14.500A6.500 6.500 0 0 1 21.500 20",
  phone:
    "M8 2.500h8a1.500 1.500 0 0 1 1.500 1.500v16a1.500 1.500 0 0 1-1.500 1.500H8A1.500 1.500 0 0 1 6.500 20V4A1.500 1.500 0 0 1 8 2.500zM11 18.500h2",
  chat: "M5 5h14a1.500 1.500 0 0 1 1.500 1.500v9A1.500 1.500 0 0 1 19 17h-7l-4.500 3.500V17H5a1.500 1.500 0 0 1-1.500-1.500v-9A1.500 1.500 0 0 1 5 5z",
  bot: "M5 9h14v10H5zM12 9V5M9 14v.01M15 14v.01M2.500 13v3M21.500 13v3M12 4.500v.01",
  block: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM5.700 5.700l12.600 12.600",
  check: "M5 12.500l4.500 4.500L19 7.500",
  copy: "M9 9h10v10H9zM5 15V5h10",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1",
  photo: "M4 5h16v14H4zM4 16l5-5 5 5M13 15l3-3 4 4M15 9v.01",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  reply: "M9 7l-5 5 5 5M4 12h9a7 7 0 0 1 7 7",
  play: "M8 5l11 7-11 7z",
  power: "M12 3v8M6.500 6.500a8 8 0 1 0 11 0",
  signal: "M4 19v-3M9 19v-6M14 19V9M19 19V5",
  tune: "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM9 19.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
  keyboard: "M3 6h18v12H3zM7 10v.01M11 10v.01M15 10v.01M8 14h8",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  key: "M8 19a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM11 12l8-8M16 7l3 3",
};

// icon draws one of the line icons; it is decoration, the control around it carries the name.
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name, label, onclick, attributes = {}) {
  return el(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...attributes },
    icon(name),
  );
}

// menu is a button that opens a list of actions. Escape, a click elsewhere and a choice close it.
export function menu(iconName, label, place, actions) {
  const list = el("div", { class: `menu-list ${place}`, role: "menu", hidden: true });
  const button = iconButton(iconName, label, () => (list.hidden ? show() : hide()), {
    "aria-haspopup": "menu",
    "aria-expanded": "false",
  });
  const root = el("div", { class: "menu" }, button, list);

  function show() {
    fill(
      list,
      actions().map((action) =>
        el(
          "button",
          {
            type: "button",
            role: "menuitem",
            class: action.danger ? "danger" : null,
            onclick: () => {
              hide();
              action.run();
            },
          },
          icon(action.icon),
          action.label,
        ),
      ),
    );
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    list.firstElementChild.focus();
    document.addEventListener("pointerdown", outside);
  }
  function hide() {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside);
  }
  function outside(event) {
    if (!root.contains(event.target)) hide();
  }
  root.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const items = [...list.children];
    const at = items.indexOf(document.activeElement);
    if (event.key === "Escape") {
      hide();
      button.focus();
      event.stopPropagation();
    } else if (event.key === "ArrowDown") items[(at + 1) % items.length].focus();
    else if (event.key === "ArrowUp") items[(at - 1 + items.length) % items.length].focus();
    else return;
    event.preventDefault();
  });
  return root;
}
