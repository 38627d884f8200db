// The hub's HTTP API, asked with the key that the user has signed in with.

const STORED = 'egression.key';

// Kept for this tab alone: it is gone when the tab is closed.
let key = sessionStorage.getItem(STORED);

export const isSignedIn = () => key !== null;

export function signIn(withKey) {
  key = withKey;
  sessionStorage.setItem(STORED, withKey);
}

export function signOut() {
  key = null;
  sessionStorage.removeItem(STORED);
}

/** An answer that is not a success; its message is the problem document's. */
export class Problem extends Error {
  constructor(status, problem) {
    const faults = (problem.errors ?? []).map(fault => `${fault.pointer ?? fault.parameter ?? ''} ${fault.detail}`);
    super([problem.title, problem.detail, ...faults].filter(Boolean).join('. '));
    this.status = status;
  }
}

async function ask(method, path, body) {
  const headers = {Authorization: `Bearer ${key}`, Accept: 'application/json'};
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  let response;
  try {
    response = await fetch(path, {method, headers, body: body === undefined ? undefined : JSON.stringify(body)});
  } catch {
    throw new Problem(0, {title: 'The hub cannot be reached'});
  }
  const text = await response.text();
  const content = parsed(text);
  if (!response.ok) {
    throw new Problem(response.status, content ?? {title: `The hub answered ${response.status}`});
  }
  return content;
}

function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

export const get = path => ask('GET', path);
export const post = (path, body) => ask('POST', path, body);

/** A path with its parameters encoded: path`/v1/objects/${type}/${id}`. */
export const path = (texts, ...values) => texts.reduce((all, text, i) => all + encodeURIComponent(values[i - 1]) + text);

/** Follows server-sent events until the signal aborts; EventSource could not send the key. */
export async function follow(from, signal, onEvent) {
  const response = await fetch(from, {headers: {Authorization: `Bearer ${key}`, Accept: 'text/event-stream'}, signal});
  if (!response.ok) {
    throw new Problem(response.status, {title: `The hub answered ${response.status}`});
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const events = (rest + part.value).split('\n\n');
    rest = events.pop();
    for (const event of events) {
      const data = event.split('\n').filter(line => line.startsWith('data:')).map(line => line.slice(5)).join('\n');
      if (data) {
        onEvent(JSON.parse(data));
      }
    }
  }
}
