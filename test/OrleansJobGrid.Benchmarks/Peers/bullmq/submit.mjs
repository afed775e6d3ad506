// node submit.mjs PORT QUEUE JOBS: adds jobs in bulks of 1,000, four at once, and says how many microseconds of processor time it took.
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

const [port, name, jobs] = process.argv.slice(2);
const queue = new Queue(name, { connection: new Redis({ port: Number(port) }) });
await queue.waitUntilReady();
let next = 0;
const bulk = async () => {
  while (next < Number(jobs)) {
    const from = next;
    next = Math.min(Number(jobs), from + 1000);
    await queue.addBulk(Array.from({ length: next - from }, () => ({ name: 'job', data: { duration_ms: 0 } })));
  }
};
await Promise.all([bulk(), bulk(), bulk(), bulk()]);
const { user, system } = process.cpuUsage();
console.log(user + system);
process.exit(0);
