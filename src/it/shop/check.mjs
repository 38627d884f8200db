// Hands a catalogue over to a hub and compares what the shop's own API then says with it, object by object.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { readFileSync } from 'node:fs';

const { HUB, HUB_KEY_FILE, SHOP, SHOP_TOKEN_FILE, METADATA_PORT } = process.env;
const key = readFileSync(HUB_KEY_FILE, 'utf8').trim();
const token = readFileSync(SHOP_TOKEN_FILE, 'utf8').trim();
let failures = 0;

function check(what, actual, expected) {
  if (isDeepStrictEqual(actual, expected)) {
    console.log(`ok    ${what}`);
  } else {
    failures++;
    console.log(`WRONG ${what}\n  is   ${JSON.stringify(actual)}\n  not  ${JSON.stringify(expected)}`);
  }
}

// ---- the catalogue: a tree of categories, products, and several offers of each

const objects = { category: new Map(), product: new Map(), offer: new Map() };
const put = (type, id, body) => objects[type].set(id, body);
put('category', 'women', { name: 'Frauen & Mädchen', slug: 'women', parent: null });
put('category', 'women/shoes', { name: 'Schuhe', slug: 'women-shoes', parent: 'women' });
put('category', 'women/shoes/sneakers', { name: 'Sneakers „weiß“', slug: 'sneakers', parent: 'women/shoes' });
put('category', 'men', { name: 'Männer', slug: 'men', parent: null });
put('category', 'men/new', { name: 'Neu 新着', slug: 'men-new', parent: 'men' });
const leaves = ['women/shoes/sneakers', 'men/new', 'women/shoes'];
for (let n = 0; n < 30; n++) {
  const id = `P ${n}/ä`;
  put('product', id, { name: `Sneaker Nr. ${n}`, slug: `sneaker-${n}`, description: `<b>„${n}“</b>`, category: leaves[n % 3] });
  for (let size = 38; size < 38 + 1 + (n % 3); size++) {
    put('offer', `${id}#${size}`,
      { product: id, name: `Größe ${size}`, sku: `SKU-${n}-${size}`, price: 4995 + 10 * n, stock: n + size });
  }
}

// ---- the Metadata API that the hub asks

const metadata = createServer((request, response) => {
  const [, type, id] = new URL(request.url, 'http://metadata').pathname.split('/').map(decodeURIComponent);
  const body = objects[type]?.get(id);
  response.writeHead(body ? 200 : 404, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body ?? {}));
}).listen(Number(METADATA_PORT), '127.0.0.1');
await once(metadata, 'listening');

// ---- the hub and the shop

async function hub(path, body) {
  const answer = await fetch(HUB + path, {
    method: body ? 'POST' : 'GET',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const json = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(json)}`);
  return json;
}

const job = (action, objectType, id) =>
  ({ subscription: 'acme', source: 'check', channel: 'vendure', action, objectType, objectIds: [id] });

async function until(what, test, seconds = 120) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await test();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((next) => setTimeout(next, 200));
  }
}

const FINAL = ['delivered', 'dead', 'filtered', 'superseded', 'cancelled'];
const final = (id) =>
  until(`job ${id} is final`, async () => {
    const found = await hub(`/v1/jobs/${id}`);
    return FINAL.includes(found.state) && found;
  });

async function batch(jobs) {
  const made = await hub('/v1/batches', {
    subscription: 'acme',
    source: 'check',
    jobs: jobs.map(({ subscription, source, ...rest }) => rest),
  });
  await until('the batch is done', async () => {
    const belts = (await hub(`/v1/batches/${made.batch.id}`)).channels.flatMap((channel) => channel.belts);
    const dead = belts.flatMap((belt) => belt.deadJobs);
    if (dead.length > 0) throw new Error(`dead: ${JSON.stringify(await hub(`/v1/jobs/${dead[0]}`))}`);
    return belts.length > 0 && belts.every((belt) => belt.state === 'done');
  });
}

async function shop(query, variables) {
  const answer = await fetch(SHOP, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const json = await answer.json();
  if (json.errors) throw new Error(JSON.stringify(json.errors));
  return json.data;
}

async function all(query) {
  const items = [];
  for (let skip = 0, total = 1; skip < total; skip += 100) {
    const { list } = await shop(query, { skip });
    items.push(...list.items);
    total = list.totalItems;
  }
  return items;
}

/** What the shop has, in our words, by our ids. */
async function shopCatalogue() {
  const list = (field, fields) =>
    all(`query($skip: Int) {list: ${field}(options: {skip: $skip, take: 100}) {totalItems items {${fields}}}}`);
  const ours = (items, of) =>
    new Map(items.filter((item) => item.customFields.externalId).map((item) => [item.customFields.externalId, of(item)]).sort());
  const collections = await list('collections', 'name slug parent {id customFields {externalId}} customFields {externalId}');
  const products = await list('products', 'name slug description customFields {externalId category {customFields {externalId}}}');
  const variants = await list('productVariants', 'name sku price stockOnHand product {customFields {externalId}} customFields {externalId}');
  return {
    category: ours(collections, (c) => ({ name: c.name, slug: c.slug, parent: c.parent?.customFields?.externalId ?? null })),
    product: ours(products, (p) =>
      ({ name: p.name, slug: p.slug, description: p.description, category: p.customFields.category?.customFields.externalId ?? null })),
    offer: ours(variants, (v) =>
      ({ product: v.product.customFields.externalId, name: v.name, sku: v.sku, price: v.price, stock: v.stockOnHand })),
  };
}

async function compare(when) {
  const there = await shopCatalogue();
  for (const type of Object.keys(objects)) {
    const here = new Map([...objects[type]].sort());
    check(`${when}: the shop has our ids of type ${type}`, [...there[type].keys()], [...here.keys()]);
    let same = 0;
    for (const [id, body] of here) {
      if (isDeepStrictEqual(there[type].get(id), body)) same++;
      else check(`${when}: ${type} ${id}`, there[type].get(id), body);
    }
    console.log(`ok    ${when}: ${same} of ${here.size} of type ${type} are as ours`);
  }
}

// ---- created: offers and products come first, and the belts put them right

const everything = (action) =>
  Object.keys(objects).flatMap((type) => [...objects[type].keys()].map((id) => job(action, type, id)));
const isCategory = (each) => each.objectType === 'category';
await batch([
  ...everything('create').filter((each) => !isCategory(each)).reverse(),
  ...everything('create').filter(isCategory),
]);
await compare('created');

// ---- the same again: nothing twice

await batch(everything('create'));
await compare('created again');

// ---- changed: texts, a moved category, another category of a product, prices and stock

Object.assign(objects.category.get('women'), { name: 'Damen' });
Object.assign(objects.category.get('women/shoes/sneakers'), { parent: 'men' });
Object.assign(objects.product.get('P 1/ä'), { name: 'Anders', category: 'women' });
for (const [id, offer] of objects.offer) if (id.startsWith('P 2')) Object.assign(offer, { price: offer.price + 1, stock: 0 });
await batch(everything('update'));
await compare('updated');

// ---- a missing reference, and a type that a shop does not have

put('offer', 'orphan', { product: 'nowhere', name: 'x', sku: 'x', price: 1, stock: 1 });
const orphan = (await hub('/v1/jobs', job('create', 'offer', 'orphan'))).jobs[0].id;
const waiting = await until('the orphan is tried again', async () => {
  const found = await hub(`/v1/jobs/${orphan}`);
  return found.attempts.length > 0 && found;
});
check('a missing reference is tried again', [waiting.attempts[0].outcome, waiting.attempts[0].status], ['retry', 424]);
check('and says what is missing', waiting.attempts[0].detail.includes('the shop has no product nowhere'), true);
put('product', 'nowhere', { name: 'Late', slug: 'late', description: '', category: null });
const late = (await hub('/v1/jobs', { ...job('create', 'product', 'nowhere'), partitionKey: 'late' })).jobs[0].id;
check('its product comes', (await final(late)).state, 'delivered');
check('then it is delivered', (await final(orphan)).state, 'delivered');

// ---- what somebody else has made under our id

const stray = await shop('mutation($input: CreateProductInput!) {createProduct(input: $input) {id}}',
  { input: { translations: [{ languageCode: 'en', name: 'stray', slug: 'stray', description: '' }], customFields: { externalId: 'P stray' } } });
put('product', 'P stray', { name: 'Made ours', slug: 'made-ours', description: '', category: 'men' });
const adopted = (await hub('/v1/jobs', job('create', 'product', 'P stray'))).jobs[0].id;
check('what is there under our id is taken over', (await final(adopted)).state, 'delivered');
check('and is the same product',
  (await shop('query($id: ID!) {product(id: $id) {name}}', { id: stray.createProduct.id })).product.name, 'Made ours');

// ---- a duplicate: what was deleted in the shop by hand keeps our id, and no other product can have it

await shop('mutation($id: ID!) {deleteProduct(id: $id) {result}}', { id: stray.createProduct.id });
const duplicate = (await hub('/v1/jobs', job('create', 'product', 'P stray'))).jobs[0].id;
const refused = await until('the duplicate is refused', async () => {
  const found = await hub(`/v1/jobs/${duplicate}`);
  return found.attempts.length > 0 && found;
});
check('a duplicate is tried again', [refused.attempts[0].outcome, refused.attempts[0].status], ['retry', 409]);
await hub(`/v1/jobs/${duplicate}/cancel`, {});
check('until somebody gives it up', (await final(duplicate)).state, 'cancelled');
objects.product.delete('P stray');

// ---- deleted, children first

const gone = [...objects.offer.keys()].filter((id) => id.startsWith('P 2'));
for (const id of gone) objects.offer.delete(id);
const products = [...objects.product.keys()].filter((id) => id.startsWith('P 2'));
for (const id of products) objects.product.delete(id);
objects.category.delete('women/shoes/sneakers');
const deletes = await hub('/v1/jobs', [
  ...gone.map((id) => job('delete', 'offer', id)),
  ...products.map((id) => job('delete', 'product', id)),
  job('delete', 'category', 'women/shoes/sneakers'),
  job('delete', 'product', 'never there'),
]);
for (const each of deletes.jobs) check(`deleted: ${each.id}`, (await final(each.id)).state, 'delivered');
for (const product of objects.product.values()) if (product.category === 'women/shoes/sneakers') product.category = null;
await compare('deleted');

metadata.close();
console.log(failures === 0 ? 'The shop is as our catalogue says.' : `${failures} WRONG`);
process.exit(failures === 0 ? 0 : 1);
