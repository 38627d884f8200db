// "Why is it missing?": the last word on an object, channel by channel, and what to do next.
import {html} from '../lib/lit-html.js';
import {get, path, post} from '../api.js';
import {jobLink, moment, state} from '../words.js';

export const title = 'Why is it missing?';

export async function show({args: [type, ...rest], draw, tell}) {
  const id = rest.join('/');
  if (!type || !id) {
    draw(form(type ?? '', id));
    return;
  }
  const load = async () => {
    const found = await get(path`/v1/objects/${type}/${id}`);
    draw(html`${form(type, id)}${words(found, act)}`);
  };
  const act = async step => {
    const [, to] = step.request.split(' ');
    try {
      await post(to);
      tell(step.kind === 'resume' ? 'Resumed.' : 'It will be delivered again.');
      await load();
    } catch (fault) {
      tell(fault.message, true);
    }
  };
  await load();
}

const form = (type, id) => html`
  <form class="filter" role="search" @submit=${search}>
    <label>Object type <input name="type" .value=${type} list="types" required placeholder="product" autocomplete="off"></label>
    <datalist id="types">${['category', 'brand', 'product', 'offer', 'price', 'stock', 'order', 'customer'].map(name => html`<option value=${name}></option>`)}</datalist>
    <label>Object id <input name="id" .value=${id} required autocomplete="off"></label>
    <button class="strong">Find out</button>
  </form>`;

function search(event) {
  event.preventDefault();
  const {type, id} = event.target.elements;
  location.hash = `#/missing/${encodeURIComponent(type.value.trim())}/${encodeURIComponent(id.value.trim())}`;
}

const words = (found, act) => html`
  ${found.channels.map(word => html`
    <article class="card">
      <h2>${word.subscription} / ${word.channel} ${word.state === 'none' ? null : state(word.state)}</h2>
      <p class="lead">${word.text}</p>
      ${word.waitsFor ? html`<p class="waits">Waits: ${word.waitsFor.text} ${word.waitsFor.job ? html`– ${jobLink(word.waitsFor.job)}` : null}</p>` : null}
      ${word.delivered && word.delivered.job !== word.job ? html`<p>Before that, its ${word.delivered.action} was delivered ${moment(word.delivered.at)}: ${jobLink(word.delivered.job)}.</p>` : null}
      <p class="next">${word.next.text}</p>
      <p class="buttons">
        ${word.next.kind === 'replay' || word.next.kind === 'resume' ? html`<button class="strong" @click=${() => act(word.next)}>${word.next.kind === 'replay' ? 'Replay' : 'Resume'}</button>` : null}
        ${word.job ? html`<a href="#/job/${word.job}">The whole story of the job</a>` : null}
      </p>
    </article>`)}
  ${found.channels.length ? null : html`<p>There is no channel that this key may see.</p>`}`;
