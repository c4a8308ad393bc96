// A backend: registers devices, runs a job, keeps count of it from its events. node backend.js SOCKET STATE DEVICES
// The file STATE holds what it has made of the events and the number of the next one, always both: so it may be ended and
// started again at any moment, and so may the engine.
const fs = require('fs');
const Muster = require('./muster');

const [path, state, devices] = process.argv.slice(2);
const job = 'flush-1'; // of our own making: to run it again is to get it as it is
const ends = ['JOB_COMPLETED', 'JOB_FAILED', 'JOB_CANCELLED'];
const engine = new Muster(path);

function save(kept) {
  fs.writeFileSync(`${state}.new`, JSON.stringify(kept));
  fs.renameSync(`${state}.new`, state); // whole, or not at all; add fsync where the power may fail
}

function count(kept) {
  const listener = new Muster(path);
  listener.onConnect = () => listener.session.request('events.subscribe', [{
    from: kept.next, filter: {job, type: ['DEVICE_RESULT', ...ends]},
  }], error => error && console.error(error[1]));
  listener.onNotice = (name, event) => {
    if (ends.includes(event.type)) { // not saved: started again, it ends here again
      console.log(`${event.type}: ${kept.completed} completed`);
      process.exit();
    }
    if (event.seq === undefined) return;
    if (event.type === 'DEVICE_RESULT' && event.ends && event.outcome === 'completed') kept.completed++;
    kept.next = event.seq + 1;
    save(kept);
  };
}

async function main() {
  // First of all where to begin, so that no event of the job is missed.
  if (!fs.existsSync(state)) save({next: (await engine.call('info', {})).head + 1, completed: 0});
  for (let number = 0; number < devices; number++) {
    await engine.call('devices.put', {id: `pump-${number}`, displayName: `Pump ${number}`});
  }
  await engine.call('groups.put', {id: 'pumps', filter: "$id STARTSWITH 'pump-'"});
  await engine.call('jobs.run', {id: job, group: 'pumps', data: [{type: 'command', path: 'flush', value: 5}]});
  count(JSON.parse(fs.readFileSync(state)));
}

main().catch(error => {
  console.error(error.message);
  process.exit(1);
});
