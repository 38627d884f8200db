// How things are said: times, numbers, states.
import {html} from './lib/lit-html.js';

const relative = new Intl.RelativeTimeFormat('en', {numeric: 'auto'});
const absolute = new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'medium'});
const counted = new Intl.NumberFormat('en');
const UNITS = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];

export const number = n => counted.format(n ?? 0);

/** A moment: relative to read, exact on hover and for machines. */
export function moment(at) {
  if (!at) {
    return '–';
  }
  const date = new Date(at);
  return html`<time datetime=${at} title=${absolute.format(date)}>${fromNow(date)}</time>`;
}

export const exact = at => (at ? absolute.format(new Date(at)) : '–');

function fromNow(date) {
  const seconds = Math.round((date - Date.now()) / 1000);
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS[3];
  return relative.format(Math.trunc(seconds / size), unit);
}

/** A state in a word, told apart by more than its colour. */
const SIGNS = {
  delivered: '✓', running: '▶', open: '▶', dead: '✕', held: '■', blocked: '■', failed: '✕', paused: '‖', throttled: '⧗', waiting: '…', gated: '…',
  scheduled: '◷', filtered: '⊘', superseded: '»', cancelled: '–', delivering: '▶', idle: '·', sealed: '▣', done: '✓', closed: '◷', late: '⧗', removed: '–', unconfigured: '–',
};

export const state = word => html`<span class="state ${word}"><span aria-hidden="true">${SIGNS[word] ?? '•'}</span> ${word}</span>`;

export const jobLink = id => html`<a href="#/job/${id}"><code>${id.slice(0, 8)}…${id.slice(-4)}</code></a>`;

export const objects = job => `${job.objectType} ${shortened(job.objectIds)}`;

const shortened = ids => (ids.length > 3 ? `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more` : ids.join(', '));
