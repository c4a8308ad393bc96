// A job from end to end with a client of MessagePack-RPC that others wrote: node client.js SOCKET
const net = require('net');
const Session = require('msgpack5rpc');

const socket = net.connect(process.argv[2]);
const session = new Session();
session.attach(socket, socket);

const muster = (method, fields) => new Promise((resolve, reject) => {
  session.request(method, [fields], (error, result) => error ? reject(new Error(error[1])) : resolve(result));
});

async function main() {
  for (let number = 0; number < 3; number++) {
    await muster('devices.put', {id: `pump-${number}`, displayName: `Pump ${number}`});
  }
  await muster('groups.put', {id: 'pumps', filter: "$id STARTSWITH 'pump-'"});
  const job = await muster('jobs.run', {group: 'pumps', data: [{type: 'command', path: 'flush', value: {seconds: 5}}]});

  // The other side: a connector takes work, carries it to the devices and reports what they answered.
  while ((await muster('jobs.get', {id: job.id})).status !== 'complete') {
    for (const work of await muster('work.take', {connector: 'node', max: 100, wait: 1})) {
      const results = work.devices.map((device, index) => [index, 'completed']);
      await muster('work.report', {work: work.work, results});
    }
  }

  process.stdout.write((await muster('jobs.results', {id: job.id})).data);
  socket.end();
}

main();
