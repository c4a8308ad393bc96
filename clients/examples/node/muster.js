// A client of Muster on npm's msgpack5rpc. When the connection ends it is made again, and what was not answered is asked
// again: so call only what may be asked twice, which is all but changes without a requestId.
const net = require('net');
const Session = require('msgpack5rpc');

class Muster {
  constructor(path) {
    this.path = path;
    this.open = new Set(); // what is not answered
    this.pause = 50;
    this.onNotice = () => {};
    this.onConnect = () => {};
    this.connect();
  }

  connect() {
    const socket = net.connect(this.path);
    const session = new Session();
    session.attach(socket, socket);
    session.on('notification', (name, [value]) => this.onNotice(name, value));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => {
      this.session = null;
      setTimeout(() => this.connect(), this.pause);
      this.pause = Math.min(this.pause * 2, 5000);
    });
    socket.on('connect', () => {
      this.session = session;
      this.pause = 50;
      this.onConnect();
      for (const question of this.open) this.ask(question);
    });
  }

  ask(question) {
    this.session.request(question.method, [question.fields], (error, result) => {
      if (error && error[0] === 'outcome_unknown') return; // the engine ends; the next one is asked again
      this.open.delete(question);
      if (error) question.reject(new Error(error[1]));
      else question.resolve(result);
    });
  }

  call(method, fields) {
    return new Promise((resolve, reject) => {
      const question = {method, fields, resolve, reject};
      this.open.add(question);
      if (this.session) this.ask(question);
    });
  }
}

module.exports = Muster;
