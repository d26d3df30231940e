// Names, times and sizes as people read them.

export function fullName(who) {
  if (!who) return "Somebody";
  return who.title || who.name || [who.first_name, who.last_name].filter(Boolean).join(" ") || "Somebody";
}

// moment reads unix seconds or an RFC 3339 text.
export function moment(value) {
  return typeof value === "number" ? new Date(value * 1000) : new Date(value);
}

export function clock(value) {
  return moment(value).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export function exact(value) {
  return moment(value).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" });
}

export function day(value) {
  const date = moment(value);
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return date.toLocaleDateString([], { weekday: "short", day: "numeric", month: "long" });
}

// shortWhen is the time for today and the date for all other days.
export function shortWhen(value) {
  const date = moment(value);
  if (date.toDateString() === new Date().toDateString()) return clock(value);
  return date.toLocaleDateString([], { day: "numeric", month: "short" });
}

export function size(bytes) {
  if (!bytes) return "";
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

// phoneNumber puts gaps into a number so that it can be read aloud: +380 50 123 45 67.
export function phoneNumber(number) {
  const digits = String(number || "").replace(/^\+/, "");
  if (!/^\d{8,15}$/.test(digits)) return String(number || "");
  if (/^1\d{10}$/.test(digits)) return digits.replace(/(\d)(\d{3})(\d{3})(\d{4})/, "+$1 $2 $3 $4");
  const head = digits.slice(0, digits.length - 9);
  const tail = digits.slice(-9).replace(/(\d\d)(\d{3})(\d\d)(\d\d)/, "$1 $2 $3 $4");
  return `+${head ? head + " " : ""}${tail}`;
}
