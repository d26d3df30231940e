// Avatars: a colour by id and the initials; bots are squarish, people and groups round.

import { el } from "./dom.js";
import { fullName } from "./format.js";

const COLOURS = 8;

// avatar is decoration: the name always stands beside it. size is "", "small" or "tiny".
export function avatar(who, size = "", bot = false) {
  const id = Math.abs(Number(who?.id) || 0);
  return el(
    "span",
    { class: `avatar ${size} hue-${id % COLOURS}${bot ? " bot" : ""}`, "aria-hidden": "true" },
    initials(fullName(who)),
  );
}

function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return (
    words
      .slice(0, 2)
      .map((word) => [...word][0])
      .join("")
      .toUpperCase() || "?"
  );
}
