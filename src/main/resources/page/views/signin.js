// A key is asked for once per tab.
import {html} from '../lib/lit-html.js';
import {get, signIn, signOut} from '../api.js';

export const title = 'Sign in';

export async function show({draw, tell, reload}) {
  const enter = async event => {
    event.preventDefault();
    signIn(event.target.elements.key.value.trim());
    try {
      await get('/v1/jobs?limit=1');
      reload();
    } catch (fault) {
      signOut();
      tell(fault.status === 401 ? 'This key is not valid.' : fault.message, true);
    }
  };
  draw(html`
    <form class="card" @submit=${enter}>
      <label for="key">Key</label>
      <input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
      <p class="quiet">The first key of a hub is in <code>data/admin.key</code>. It stays in this tab, and is forgotten when the tab closes.</p>
      <button class="strong">Sign in</button>
    </form>`);
}
