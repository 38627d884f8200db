// The shell: which view the address names, the navigation around it, and what goes wrong.
import {html, render} from './lib/lit-html.js';
import {isSignedIn, signOut} from './api.js';
import * as batches from './views/batches.js';
import * as dead from './views/dead.js';
import * as filters from './views/filters.js';
import * as job from './views/job.js';
import * as jobs from './views/jobs.js';
import * as missing from './views/missing.js';
import * as overview from './views/overview.js';
import * as signin from './views/signin.js';

const VIEWS = {'': overview, missing, job, jobs, batches, dead, filters};
const NAVIGATION = [['', 'Overview'], ['missing', 'Why is it missing?'], ['jobs', 'Jobs'], ['batches', 'Batches'], ['dead', 'Dead letters'], ['filters', 'Filters']];

const root = document.getElementById('page');
let leaving = new AbortController();

async function navigate() {
  leaving.abort();
  leaving = new AbortController();
  const {signal} = leaving;
  const [address, search] = location.hash.replace(/^#\/?/, '').split('?');
  const [name, ...args] = address.split('/').map(decodeURIComponent);
  const view = isSignedIn() ? VIEWS[name] : signin;
  if (!view) {
    location.hash = '#/';
    return;
  }
  document.title = `${view.title} – Egression`;
  let content = html`<p class="quiet">One moment…</p>`;
  let message = null;
  const draw = () => {
    if (!signal.aborted) {
      render(shell(name, view.title, content, message), root);
    }
  };
  const context = {
    args,
    query: new URLSearchParams(search),
    signal,
    draw(newContent) {
      content = newContent;
      draw();
    },
    /** Tells the outcome of what the user did. */
    tell(text, isFault = false) {
      message = {text, isFault};
      draw();
    },
    reload: navigate,
  };
  draw();
  document.getElementById('title').focus({preventScroll: false});
  try {
    await view.show(context);
  } catch (fault) {
    if (signal.aborted) {
      return;
    }
    if (fault.status === 401) {
      signOut();
      context.draw(html`<p>The key is not valid (any more). <a href="#/" @click=${navigate}>Sign in</a></p>`);
    } else {
      context.draw(html`<div class="fault" role="alert"><p>${fault.message}</p><button @click=${navigate}>Try again</button></div>`);
    }
  }
}

function shell(name, title, content, message) {
  return html`
    <a class="skip" href="#title" @click=${skip}>Skip to the content</a>
    <header>
      <span class="brand"><img src="/page/icon.svg" alt="" width="28" height="28"> Egression</span>
      ${isSignedIn() ? navigation(name) : null}
    </header>
    <main>
      <h1 id="title" tabindex="-1">${title}</h1>
      <div role="status" aria-live="polite" class="message ${message?.isFault ? 'fault' : ''}">${message?.text ?? ''}</div>
      ${content}
    </main>`;
}

const navigation = name => html`
  <nav aria-label="Views">
    ${NAVIGATION.map(([to, text]) => html`<a href="#/${to}" aria-current=${to === name ? 'page' : 'false'}>${text}</a>`)}
  </nav>
  <button class="plain" @click=${leave}>Sign out</button>`;

function skip(event) {
  event.preventDefault();
  document.getElementById('title').focus();
}

function leave() {
  signOut();
  navigate();
}

addEventListener('hashchange', navigate);
navigate();
