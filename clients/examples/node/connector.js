// A connector: takes devices, does with them what the job says, reports how it went. node connector.js SOCKET
const Muster = require('./muster');

const engine = new Muster(process.argv[2]);

// Here the device is spoken to. It may have done this job in an attempt whose report was lost, and should know.
async function deliver(device, work) {
  await new Promise(resolve => setTimeout(resolve, 5));
  for (const {path, value} of work.data) {
    console.log(`${device}: ${path} = ${value} (${work.job}, attempt ${work.attempt})`);
  }
  return 'completed';
}

async function main() {
  for (;;) {
    for (const work of await engine.call('work.take', {connector: 'node', max: 10, wait: 60})) {
      const results = [];
      for (const [index, device] of work.devices.entries()) results.push([index, await deliver(device, work)]);
      await engine.call('work.report', {work: work.work, results});
    }
  }
}

main();
