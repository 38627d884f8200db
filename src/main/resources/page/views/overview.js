// How everything stands, live.
import {html} from '../lib/lit-html.js';
import {follow, path, post} from '../api.js';
import {chart, sparkline} from '../chart.js';
import {confirmed} from '../dialog.js';
import {jobLink, moment, number, state} from '../words.js';

export const title = 'Overview';

const SERIES = [{label: 'accepted/min', colour: '--accent'}, {label: 'delivered/min', colour: '--good'}, {label: 'failed calls/min', colour: '--bad'}];
const AGAIN = 5000;

export async function show({draw, tell, signal}) {
  const connectors = new Map();
  let plot = null;
  const act = async (what, verb, where) => {
    if (verb === 'pause' && !(await confirmed(`Pause ${what}? Its jobs wait until it is resumed.`, 'Pause'))) {
      return;
    }
    try {
      await post(`${where}/${verb}`);
      tell(verb === 'pause' ? `${what} is paused.` : `${what} goes on.`);
    } catch (fault) {
      tell(fault.message, true);
    }
  };
  const redraw = at => {
    draw(view([...connectors.values()], act));
    plot ??= chart(document.getElementById('throughput'), SERIES, signal);
    plot(throughput([...connectors.values()], at));
  };
  for (let first = true; !signal.aborted; first = false) {
    try {
      if (!first) {
        await new Promise(wait => setTimeout(wait, AGAIN));
        connectors.clear();
      }
      await follow('/v1/events', signal, event => {
        event.connectors.forEach(each => merge(connectors, each));
        redraw(new Date(event.at));
      });
    } catch (fault) {
      if (first || fault.status === 401 || signal.aborted) {
        throw fault;
      }
      tell('The hub does not answer. What is shown is old; trying again…', true);
    }
  }
}

/** A change has those accounts only that are not as they were. */
function merge(connectors, changed) {
  const accounts = new Map((connectors.get(changed.connector)?.accounts ?? []).map(account => [nameOf(account), account]));
  changed.accounts.forEach(account => accounts.set(nameOf(account), account));
  connectors.set(changed.connector, {...changed, accounts: [...accounts.values()]});
}

const nameOf = account => `${account.subscription}/${account.channel}`;

function throughput(connectors, at) {
  const minutes = connectors.flatMap(each => each.accounts).map(account => account.lastHour.minutes);
  const sum = name => Array.from({length: 60}, (_, i) => minutes.reduce((all, each) => all + each[name][i], 0));
  const minute = Math.floor(at / 60000) * 60;
  return [Array.from({length: 60}, (_, i) => minute - (59 - i) * 60), sum('accepted'), sum('delivered'), sum('failed')];
}

function view(connectors, act) {
  const accounts = connectors.flatMap(each => each.accounts);
  const sum = of => accounts.reduce((all, account) => all + of(account), 0);
  return html`
    <div class="tiles">
      ${tile('Waiting', sum(a => a.backlog))} ${tile('Delivered, last hour', sum(a => a.lastHour.delivered))}
      ${tile('Failed calls, last hour', sum(a => a.lastHour.failed))} ${tile('Dead', sum(a => a.dead))}
    </div>
    <h2 id="chart-title">Throughput of the last hour</h2>
    <div class="chart" id="throughput" role="img" aria-labelledby="chart-title"></div>
    ${connectors.map(connector => section(connector, act))}
    ${connectors.length ? null : html`<p>There is no account yet: see connectors/README.md.</p>`}`;
}

const tile = (name, n) => html`<div class="tile"><span class="quiet">${name}</span><b>${number(n)}</b></div>`;

const section = (connector, act) => html`
  <h2>${connector.connector} ${state(connector.state)}</h2>
  <p>${connector.text}
    ${pauseOrResume(`connector ${connector.connector}`, connector, path`/v1/connectors/${connector.connector}`, act)}</p>
  <div class="scroll" tabindex="0" role="region" aria-label="Accounts of ${connector.connector}">
  <table>
    <thead><tr>
      <th scope="col">Account</th><th scope="col">State</th><th scope="col">Limits left</th><th scope="col" class="number">Waiting</th>
      <th scope="col">Oldest</th><th scope="col">Last hour</th><th scope="col" class="number">Dead</th><th scope="col">Do</th>
    </tr></thead>
    <tbody>${connector.accounts.map(account => row(account, act))}</tbody>
  </table>
  </div>`;

const row = (account, act) => html`
  <tr>
    <th scope="row">${nameOf(account)}</th>
    <td>${state(account.state)}<br><span class="quiet">${account.text}</span></td>
    <td>${account.limits.length ? account.limits.map(limit => html`<label class="quiet">${limit.text} – ${number(limit.left)} of ${number(limit.of)} left <meter min="0" max=${limit.of} value=${limit.left}></meter></label>`) : '–'}</td>
    <td class="number">${number(account.backlog)}</td>
    <td>${account.oldest ? html`${jobLink(account.oldest.job)} ${moment(account.oldest.acceptedAt)}` : '–'}</td>
    <td>${sparkline(account.lastHour.minutes.delivered)}<br><span class="quiet">${number(account.lastHour.delivered)} delivered, ${number(account.lastHour.failed)} failed, ${number(account.lastHour.callsPerMinute)} calls/min</span></td>
    <td class="number">${account.dead ? html`<a href="#/dead?subscription=${encodeURIComponent(account.subscription)}&channel=${encodeURIComponent(account.channel)}">${number(account.dead)}</a>` : '0'}</td>
    <td>${pauseOrResume(nameOf(account), account, path`/v1/accounts/${account.subscription}/${account.channel}`, act)}</td>
  </tr>`;

function pauseOrResume(what, {state}, where, act) {
  return state === 'paused'
    ? html`<button class="strong" aria-label="Resume ${what}" @click=${() => act(what, 'resume', where)}>Resume</button>`
    : html`<button aria-label="Pause ${what}" @click=${() => act(what, 'pause', where)}>Pause</button>`;
}
