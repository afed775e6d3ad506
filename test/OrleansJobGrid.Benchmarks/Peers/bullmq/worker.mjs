// node worker.mjs PORT QUEUE CONCURRENCY: completes each job at once, until its standard input ends; then it says how many microseconds of
// processor time it took.
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';

const [port, queue, concurrency] = process.argv.slice(2);
const connection = new Redis({ port: Number(port), maxRetriesPerRequest: null });
const worker = new Worker(queue, async () => 0, { connection, concurrency: Number(concurrency) });
await worker.waitUntilReady();
console.log('ready');
process.stdin.resume();
process.stdin.on('end', () => {
  const { user, system } = process.cpuUsage();
  console.log(user + system);
  process.exit(0);
});
