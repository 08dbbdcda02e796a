// The native API, /api/smtpmock/v1: see /docs.

// Whole, because a page whose own address has a login can make no request relative to that.
export const API = `${location.origin}/api/smtpmock/v1`;

// A problem as in RFC 9457; its message is the sentence that Python raises.
export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

// `query` is a list of pairs, because some parameters can be given several times.
export async function call(method, path, { query = [], body } = {}) {
  const parameters = new URLSearchParams(query).toString();
  const response = await fetch(API + path + (parameters ? `?${parameters}` : ""), {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  }).catch((error) => {
    throw new Problem(0, `The server cannot be reached: ${error.message}`);
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({ detail: `The server answered ${response.status}` }));
  throw new Problem(response.status, problem.detail);
}

const json = async (...request) => (await call(...request)).json();

export const get = (path, query) => json("GET", path, { query });
export const text = async (path) => (await call("GET", path)).text();
export const post = (path, body) => json("POST", path, { body });
export const put = (path, body) => json("PUT", path, { body });
export const patch = (path, body, query) => json("PATCH", path, { body, query });
export const remove = (path, query) => json("DELETE", path, { query });

export const MOST = 1000; // items of a list in an answer
export const MOST_IDS = 50; // ids in a request

// Yield the pages of a list, from its beginning or after a number.
export async function* pages(path, query, after = 0) {
  for (let start = after; start !== null; ) {
    const page = await get(path, [...query, ["limit", MOST], ["after", start]]);
    yield page;
    start = page.next;
  }
}
