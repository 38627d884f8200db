// Filters: what is in force, what was, and what they would say of an object.
import {html} from '../lib/lit-html.js';
import {get, path} from '../api.js';
import {moment, state} from '../words.js';

export const title = 'Filters';

const WORDS = {deliver: 'delivered', delete: 'delivered', filtered: 'filtered', failed: 'dead', unknown: 'waiting'};

export async function show({draw, tell}) {
  const {filters} = await get('/v1/filters');
  let verdicts = null;
  const redraw = () => draw(view(filters, verdicts, ask));
  async function ask(event) {
    event.preventDefault();
    const {type, id, action, filter} = event.target.elements;
    const asked = new URLSearchParams({action: action.value});
    if (filter.value) {
      asked.set('filter', filter.value);
    }
    try {
      verdicts = await get(path`/v1/objects/${type.value.trim()}/${id.value.trim()}/dry-run?` + asked);
      redraw();
    } catch (fault) {
      tell(fault.message, true);
    }
  }
  redraw();
}

const view = (filters, verdicts, ask) => html`
  <h2>What would be delivered to whom?</h2>
  <form class="filter" @submit=${ask}>
    <label>Object type <input name="type" required placeholder="product"></label>
    <label>Object id <input name="id" required></label>
    <label>Action <select name="action"><option>update</option><option>create</option><option>delete</option></select></label>
    <label>Filter <select name="filter"><option value="">as configured</option>${filters.filter(each => each.version).map(each => html`<option>${each.filter}</option>`)}</select></label>
    <button class="strong">Try</button>
  </form>
  ${verdicts ? html`<ul aria-label="Verdicts">${verdicts.channels.map(each => html`
    <li>${each.subscription} / ${each.channel}: ${state(WORDS[each.verdict])} ${each.verdict === 'delete' ? 'as a delete' : ''} ${each.text}</li>`)}</ul>` : null}
  <h2>Filters</h2>
  ${filters.map(filter => html`
    <article class="card">
      <h3>${filter.filter} ${filter.version ? html`version ${filter.version}` : 'not in force any more'}</h3>
      <p>${filter.description ?? ''}</p>
      <p class="quiet">${filter.accounts.length ? `Used by ${filter.accounts.join(', ')}` : 'No account uses it.'}</p>
      ${filter.versions.map(version => html`
        <details><summary>version ${version.version}, since ${moment(version.since)}</summary>
          <pre class="scroll" tabindex="0" aria-label="Version ${version.version} of ${filter.filter}">${JSON.stringify(version.content, null, 2)}</pre></details>`)}
    </article>`)}
  ${filters.length ? null : html`<p>There is no filter.</p>`}`;
