// Batches: their belts as lanes, how far each is, and what blocks it.
import {html} from '../lib/lit-html.js';
import {get, path, post} from '../api.js';
import {confirmed} from '../dialog.js';
import {exact, jobLink, moment, number, state} from '../words.js';

export const title = 'Batches';

const EVERY = 2000;

export async function show({args: [id], draw, tell, signal}) {
  const load = async () => draw(id ? one(await get(path`/v1/batches/${id}`), act) : list((await get('/v1/batches')).batches));
  const act = async (verb, body, said, question) => {
    if (question && !(await confirmed(question, 'Yes'))) {
      return;
    }
    try {
      await post(path`/v1/batches/${id}/` + verb, body);
      tell(said);
      await load();
    } catch (fault) {
      tell(fault.message, true);
    }
  };
  await load();
  const again = setInterval(() => document.hidden || load().catch(fault => tell(fault.message, true)), EVERY);
  signal.addEventListener('abort', () => clearInterval(again));
}

const list = batches => html`
  ${batches.length ? html`
    <div class="scroll" tabindex="0" role="region" aria-label="Batches">
    <table>
      <thead><tr><th scope="col">Batch</th><th scope="col">Subscription</th><th scope="col">From</th><th scope="col">State</th><th scope="col">Made</th></tr></thead>
      <tbody>${batches.map(each => html`<tr><th scope="row"><a href="#/batches/${each.id}">${each.name ?? each.id}</a></th><td>${each.subscription}</td><td>${each.source}</td><td>${state(each.state)}</td><td>${moment(each.createdAt)}</td></tr>`)}</tbody>
    </table>
    </div>` : html`<p>There is no batch yet.</p>`}`;

const one = ({batch, channels}, act) => html`
  <section class="card" aria-label="The batch">
    <p class="lead">${batch.name ?? batch.id} ${state(batch.state)}</p>
    <p>${batch.subscription}, from ${batch.source}, made ${exact(batch.createdAt)}. After a dead job its later belts ${batch.onDead === 'hold' ? 'wait' : 'go on'}.</p>
    ${batch.sealedAt ? null : html`<p class="waits">More jobs may join until it is sealed${batch.state === 'late' ? ': it should have been by ' : ', by '}${exact(batch.sealDue)}.</p>`}
    <p class="buttons">
      ${batch.sealedAt ? null : html`<button class="strong" @click=${() => act('seal', {}, 'Sealed.')}>Seal</button>`}
      ${batch.state === 'cancelled' ? null : html`<button @click=${() => act('cancel', {}, 'Its jobs are being cancelled.', 'Cancel all jobs of this batch that are not final?')}>Cancel…</button>`}
    </p>
  </section>
  ${channels.map(channel => html`
    <h2>${channel.channel}</h2>
    <ol class="belts" aria-label="Belts of ${channel.channel}">${channel.belts.map(belt => lane(belt, channel.channel, act))}</ol>`)}
  ${channels.length ? null : html`<p>It has no jobs yet.</p>`}`;

const lane = (belt, channel, act) => html`
  <li class="belt">
    <strong>Belt ${belt.belt}</strong> ${state(belt.state)}
    <p class="quiet">${belt.objectTypes.join(', ')}</p>
    <progress aria-label="Belt ${belt.belt} of ${channel}" max=${belt.total} value=${belt.done}></progress>
    <p>${number(belt.done)} of ${number(belt.total)} done${belt.dead ? `, ${number(belt.dead)} dead` : ''}${belt.perMinute ? `, ${number(belt.perMinute)} a minute` : ''}${belt.estimatedEnd ? `, until about ${exact(belt.estimatedEnd)}` : ''}</p>
    ${belt.waitsFor ? html`<p class="waits">${belt.waitsFor}</p>` : null}
    ${belt.deadJobs.map(job => html`<p>dead: ${jobLink(job)}</p>`)}
    ${belt.state === 'blocked' ? html`<button @click=${() => act('release', {belt: belt.belt, channel}, 'Released.', `Let ${channel} go on without the dead jobs of belt ${belt.belt}?`)} aria-label="Release belt ${belt.belt} of ${channel}">Release…</button>` : null}
  </li>`;
