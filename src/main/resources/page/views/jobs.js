// The newest jobs, filtered.
import {html} from '../lib/lit-html.js';
import {get} from '../api.js';
import {jobLink, moment, objects, state} from '../words.js';

export const title = 'Jobs';

const STATES = ['scheduled', 'gated', 'waiting', 'delivering', 'delivered', 'dead', 'filtered', 'superseded', 'cancelled'];
const FIELDS = ['subscription', 'channel', 'object', 'state'];

export async function show({query, draw}) {
  const asked = new URLSearchParams([...query].filter(([, value]) => value));
  const page = await get(`/v1/jobs?${asked}`);
  draw(html`
    <form class="filter" @submit=${search}>
      ${FIELDS.slice(0, 3).map(name => html`<label>${name} <input name=${name} .value=${query.get(name) ?? ''} placeholder=${name === 'object' ? 'product/123' : ''}></label>`)}
      <label>state <select name="state"><option value="">any</option>${STATES.map(word => html`<option ?selected=${query.get('state') === word}>${word}</option>`)}</select></label>
      <button class="strong">Search</button>
    </form>
    ${page.jobs.length ? table(page.jobs) : html`<p>No job matches.</p>`}
    ${page.next ? html`<p><a href="#/jobs?${following(query, page.next)}">Older jobs</a></p>` : null}`);
}

export const table = jobs => html`
  <div class="scroll" tabindex="0" role="region" aria-label="Jobs">
  <table>
    <thead><tr><th scope="col">Job</th><th scope="col">Object</th><th scope="col">To</th><th scope="col">State</th><th scope="col">Last word</th><th scope="col">Accepted</th></tr></thead>
    <tbody>
      ${jobs.map(job => html`<tr><th scope="row">${jobLink(job.id)}</th><td>${job.action} ${objects(job)}</td><td>${job.subscription} / ${job.channel}</td><td>${state(job.state)}</td><td>${job.reason ?? ''}</td><td>${moment(job.acceptedAt)}</td></tr>`)}
    </tbody>
  </table>
  </div>`;

function search(event) {
  event.preventDefault();
  location.hash = `#/jobs?${new URLSearchParams([...new FormData(event.target)].filter(([, value]) => value))}`;
}

function following(query, cursor) {
  const next = new URLSearchParams(query);
  next.set('cursor', cursor);
  return next;
}
