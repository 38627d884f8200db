// Dead letters by reason: replayed or discarded one, some or all at once.
import {html} from '../lib/lit-html.js';
import {get, path, post} from '../api.js';
import {confirmed} from '../dialog.js';
import {jobLink, moment, number, objects} from '../words.js';

export const title = 'Dead letters';

const STEP = 200;
const LOOK = 500;

export async function show({query, draw, tell, signal, reload}) {
  const asked = new URLSearchParams([...query].filter(([, value]) => value));
  const found = await get(`/v1/dead-letters?${asked}`);
  const opened = new Map();
  let working = null;
  const redraw = () => draw(view(found, opened, working, {open, pick, replayAll, each}));

  async function open(group, isOpen) {
    if (isOpen && !opened.has(group)) {
      opened.set(group, {jobs: await jobsOf(group), picked: new Set()});
    }
    redraw();
  }
  function pick(group, id, isPicked) {
    const {jobs, picked} = opened.get(group);
    const ids = id === null ? jobs.map(job => job.id) : [id];
    ids.forEach(each => (isPicked ? picked.add(each) : picked.delete(each)));
    redraw();
  }
  /** All of a reason: the hub does it, step by step, in their old order. */
  async function replayAll(group) {
    try {
      const {subscription, channel, reason} = group;
      const {id} = await post('/v1/replays', {subscription, channel, reason});
      for (let progress = {finished: false}; !progress.finished && !signal.aborted;) {
        await new Promise(wait => setTimeout(wait, LOOK));
        progress = await get(path`/v1/replays/${id}`);
        working = {text: 'Replaying', done: progress.replayed, of: group.count};
        redraw();
      }
      reload();
    } catch (fault) {
      tell(fault.message, true);
    }
  }
  /** Those picked, one after another. */
  async function each(group, verb) {
    const ids = [...opened.get(group).picked];
    if (verb === 'discard' && !(await confirmed(`Discard ${ids.length} jobs? They will never be delivered.`, 'Discard'))) {
      return;
    }
    const failed = [];
    for (const [i, id] of ids.entries()) {
      working = {text: verb === 'discard' ? 'Discarding' : 'Replaying', done: i, of: ids.length};
      redraw();
      try {
        await post(path`/v1/jobs/${id}/` + verb);
      } catch (fault) {
        failed.push(`${id}: ${fault.message}`);
      }
    }
    reload();
    if (failed.length) {
      tell(`${failed.length} of ${ids.length} did not work: ${failed[0]}`, true);
    }
  }
  redraw();
}

async function jobsOf({subscription, channel, reason, objectType}) {
  const page = await get(`/v1/jobs?${new URLSearchParams({subscription, channel, state: 'dead', limit: 500})}`);
  return page.jobs.filter(job => (job.reason ?? '') === reason && job.objectType === objectType).slice(0, STEP);
}

const view = (found, opened, working, act) => html`
  ${working ? html`<p role="status">${working.text} <progress aria-label=${working.text} max=${working.of} value=${working.done}></progress> ${number(working.done)} of ${number(working.of)}</p>` : null}
  ${found.groups.map(group => html`
    <details class="card" @toggle=${event => act.open(group, event.target.open)}>
      <summary>${number(group.count)} × ${group.objectType} → ${group.subscription} / ${group.channel}: ${group.reason || 'no reason'}</summary>
      <p class="quiet">First ${moment(group.first)}, last ${moment(group.last)}.</p>
      ${opened.has(group) ? jobs(group, opened.get(group), act) : html`<p>One moment…</p>`}
    </details>`)}
  ${found.groups.length ? null : html`<p>No job is dead.</p>`}
  ${found.more ? html`<p>There are more groups than are shown.</p>` : null}`;

const jobs = (group, {jobs, picked}, act) => html`
  <p class="buttons">
    <button class="strong" @click=${() => act.replayAll(group)}>Replay all for this reason</button>
    <button ?disabled=${!picked.size} @click=${() => act.each(group, 'replay')}>Replay selected</button>
    <button ?disabled=${!picked.size} @click=${() => act.each(group, 'discard')}>Discard selected</button>
  </p>
  <label><input type="checkbox" .checked=${picked.size === jobs.length} @change=${event => act.pick(group, null, event.target.checked)}> all ${jobs.length} shown</label>
  <div class="scroll" tabindex="0" role="region" aria-label="Dead jobs">
  <table>
    <thead><tr><th scope="col">Select</th><th scope="col">Job</th><th scope="col">Object</th><th scope="col">Accepted</th></tr></thead>
    <tbody>
      ${jobs.map(job => html`<tr>
        <td><input type="checkbox" aria-label="Select ${objects(job)}" .checked=${picked.has(job.id)} @change=${event => act.pick(group, job.id, event.target.checked)}></td>
        <th scope="row">${jobLink(job.id)}</th><td>${job.action} ${objects(job)}</td><td>${moment(job.acceptedAt)}</td></tr>`)}
    </tbody>
  </table>
  </div>`;
