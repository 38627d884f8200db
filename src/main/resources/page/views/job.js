// One job: what happened, what it waits for, what can be done.
import {html} from '../lib/lit-html.js';
import {get, path, post} from '../api.js';
import {confirmed} from '../dialog.js';
import {exact, jobLink, moment, number, objects, state} from '../words.js';

export const title = 'Job';

const FINAL = ['delivered', 'dead', 'filtered', 'superseded', 'cancelled'];

export async function show({args: [id], draw, tell, signal}) {
  let last = 0;
  const load = async () => {
    const job = await get(path`/v1/jobs/${id}`);
    last = Date.now();
    draw(view(job, act));
    return job;
  };
  const act = async (verb, said) => {
    try {
      await post(path`/v1/jobs/${id}/` + verb);
      tell(said);
      await load();
    } catch (fault) {
      tell(fault.message, true);
    }
  };
  await load();
  const again = setInterval(async () => {
    try {
      if (!document.hidden && Date.now() - last > 1500 && FINAL.includes((await load()).state)) {
        clearInterval(again);
      }
    } catch (fault) {
      clearInterval(again);
      tell(`${fault.message}. What is shown is from ${exact(new Date(last).toISOString())}.`, true);
    }
  }, 2000);
  signal.addEventListener('abort', () => clearInterval(again));
}

const view = (job, act) => html`
  <section class="card" aria-label="The job">
    <p class="lead">${state(job.state)} ${job.action} ${objects(job)} → ${job.channel}</p>
    ${job.reason ? html`<p>${job.reason}</p>` : null}
    ${job.waitsFor ? waits(job.waitsFor) : null}
    <p class="buttons">${buttons(job, act)}</p>
    <dl>
      ${facts(job).filter(([, value]) => value !== undefined && value !== null).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
    </dl>
  </section>
  ${job.filters ? leftOut(job.filters) : null}
  <h2>What happened</h2>
  <ol class="timeline">
    ${job.timeline.map(entry => html`<li>${moment(entry.at)} <strong>${entry.what}</strong> ${entry.detail ?? ''} ${entry.actor ? `by ${entry.actor}` : ''}</li>`)}
  </ol>
  ${job.attempts.length ? attempts(job.attempts) : null}`;

const leftOut = ({filters}) => {
  const out = filters.flatMap(said => Object.entries(said.out).map(([id, why]) => [id, `filter ${said.filter} version ${said.version}: ${why}`]));
  return out.length ? html`<h2>Left out</h2><ul>${out.map(([id, why]) => html`<li><strong>${id}</strong> ${why}</li>`)}</ul>` : null;
};

const waits = wait => html`
  <p class="waits">Waits: ${wait.text} ${wait.until ? html`(until ${exact(wait.until)})` : null} ${wait.job ? html`– ${jobLink(wait.job)}` : null}</p>`;

const facts = job => [
  ['Id', html`<code>${job.id}</code>`], ['Subscription', job.subscription], ['Source', job.source], ['Channel', job.channel], ['Partition key', job.partitionKey],
  ['Place', job.place], ['Accepted', exact(job.acceptedAt)], ['Not before', job.notBefore && exact(job.notBefore)],
  ['Batch', job.batch && html`<a href="#/batches/${job.batch}">${job.batch}</a>`], ['Not delivered yet', job.undelivered?.join(', ')],
  ['Filters', job.filters && job.filters.filters.map(said => `${said.filter} version ${said.version}`).join(', ')]];

function buttons(job, act) {
  if (job.state === 'dead') {
    return html`
      <button class="strong" @click=${() => act('replay', 'It will be delivered again, at the end of its key.')}>Replay</button>
      <button @click=${async () => (await confirmed('Discard this job? It will never be delivered.', 'Discard')) && act('discard', 'Discarded.')}>Discard</button>`;
  }
  if (!FINAL.includes(job.state)) {
    return html`<button @click=${async () => (await confirmed('Cancel this job? It will not be delivered.', 'Cancel the job')) && act('cancel', 'Cancelled, unless its call is being made just now.')}>Cancel…</button>`;
  }
  return null;
}

const attempts = all => html`
  <h2>Calls</h2>
  <div class="scroll" tabindex="0" role="region" aria-label="Calls">
  <table>
    <thead><tr><th scope="col">Call</th><th scope="col">Started</th><th scope="col">Took</th><th scope="col">Outcome</th><th scope="col">Status</th><th scope="col">Answer</th></tr></thead>
    <tbody>
      ${all.map(attempt => html`<tr><th scope="row">${attempt.number}</th><td>${exact(attempt.startedAt)}</td><td>${number(attempt.tookMillis)} ms</td><td>${attempt.outcome}</td><td>${attempt.status ?? '–'}</td><td><code>${attempt.detail ?? ''}</code></td></tr>`)}
    </tbody>
  </table>
  </div>`;
