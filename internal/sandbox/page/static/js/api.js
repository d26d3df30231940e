// The control API. Every call returns the parsed answer or throws a Refusal with the server's words.

export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function call(method, path, body) {
  const request = { method, headers: {} };
  if (body instanceof FormData) request.body = body;
  else if (body !== undefined) {
    request.headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(`/control/v1${path}`, request);
  } catch {
    throw new Refusal(0, "unreachable", "The sandbox does not answer. Is it still running?");
  }
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    throw new Refusal(response.status, "unreadable", `The sandbox answered ${response.status} without JSON.`);
  }
  if (!response.ok) {
    throw new Refusal(
      response.status,
      answer?.error?.code ?? "refused",
      answer?.error?.message ?? `The sandbox answered ${response.status}.`,
    );
  }
  return answer;
}

const enc = encodeURIComponent;
const chatPath = (person, chat) => `/people/${enc(person)}/chats/${enc(chat)}`;

// fileURL is where a photo or document of a message can be fetched.
export function fileURL(id) {
  return `/control/v1/files/${enc(id)}`;
}

function upload(path, file, caption, field) {
  const form = new FormData();
  form.append(field, file, file.name);
  if (caption) form.append("caption", caption);
  return call("POST", path, form);
}

export const api = {
  state: () => call("GET", "/state"),
  reset: () => call("POST", "/reset"),

  createBot: (bot) => call("POST", "/bots", bot),
  findBots: (q) => call("GET", `/bots?q=${enc(q)}`),
  revokeBot: (bot) => call("POST", `/bots/${enc(bot)}/revoke`),
  deleteBot: (bot) => call("DELETE", `/bots/${enc(bot)}`),

  createPerson: (person) => call("POST", "/people", person),
  changePerson: (id, changes) => call("PATCH", `/people/${enc(id)}`, changes),
  deletePerson: (id) => call("DELETE", `/people/${enc(id)}`),

  chats: (person) => call("GET", `/people/${enc(person)}/chats`),
  messages: (person, chat) => call("GET", `${chatPath(person, chat)}/messages`),
  start: (person, chat, payload) => call("POST", `${chatPath(person, chat)}/start`, payload ? { payload } : {}),
  write: (person, chat, text, replyTo) =>
    call("POST", `${chatPath(person, chat)}/messages`, replyTo ? { text, reply_to: replyTo } : { text }),
  edit: (person, chat, message, text) => call("PATCH", `${chatPath(person, chat)}/messages/${enc(message)}`, { text }),
  press: (person, chat, button) => call("POST", `${chatPath(person, chat)}/press`, button),
  share: (person, chat, what) => call("POST", `${chatPath(person, chat)}/contact`, what),
  sendPhoto: (person, chat, file, caption) => upload(`${chatPath(person, chat)}/photo`, file, caption, "photo"),
  sendDocument: (person, chat, file, caption) =>
    upload(`${chatPath(person, chat)}/document`, file, caption, "document"),
  block: (person, chat) => call("POST", `${chatPath(person, chat)}/block`),
  unblock: (person, chat) => call("POST", `${chatPath(person, chat)}/unblock`),
  read: (person, chat) => call("POST", `${chatPath(person, chat)}/read`),
  open: (person, chat, url, as) => call("POST", `${chatPath(person, chat)}/open`, { url, as }),

  createGroup: (group) => call("POST", "/groups", group),
  upgradeGroup: (id) => call("POST", `/groups/${enc(id)}/upgrade`),
  deleteGroup: (id) => call("DELETE", `/groups/${enc(id)}`),
  changePhone: (phone, changes) => call("PATCH", `/phones/${enc(phone)}`, changes),
  writeSMS: (phone, to, text) => call("POST", `/phones/${enc(phone)}/sms`, { to, text }),

  setLimits: (limits) => call("PUT", "/limits", limits),
  addFault: (fault) => call("POST", "/faults", fault),
  removeFault: (id) => call("DELETE", `/faults/${enc(id)}`),
  log: (limit) => call("GET", `/log?limit=${limit}`),
};
