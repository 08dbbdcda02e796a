// How numbers, times and addresses are written; times are in the zone of the browser.

const TODAY = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const EARLIER = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

export function shortTime(text) {
  const time = new Date(text);
  return (time.toDateString() === new Date().toDateString() ? TODAY : EARLIER).format(time);
}

export function wholeTime(text) {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : WHOLE.format(time);
}

export function count(number, singular, plural = `${singular}s`) {
  return `${number.toLocaleString()} ${number === 1 ? singular : plural}`;
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export const path = (sender) => sender || "<>";

// The display name in the From header of a message; "" if it has none.
export function nameOf({ headers }) {
  const key = Object.keys(headers).find((name) => name.toLowerCase() === "from");
  const [, name] = (key ? headers[key][0] : "").match(/^\s*(.*?)\s*<[^<>]*>\s*$/s) ?? [];
  return (name ?? "").replace(/^"(.*)"$/s, "$1").replace(/\\(.)/gs, "$1");
}

// The cause of a reply, as in a transcript.
export function cause(exchange) {
  const { kind, setting, rule, limit } = exchange.cause;
  if (kind === "rule") return `the rule ${rule}`;
  return kind === "limit" ? `the limit ${limit}` : `the setting ${setting}`;
}

export function request(exchange) {
  return exchange.request || (exchange.stage === "message" ? "(the message)" : "");
}

export const isRefusal = (exchange) => !exchange.accepted;
