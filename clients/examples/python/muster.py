"""A client of Muster with nothing but Debian's python3-msgpack. When the connection ends it is made again, and what was
not answered is asked again: so call only what may be asked twice, which is all but changes without a requestId."""
import socket
import time

import msgpack


class Muster:
    def __init__(self, path):
        self.path, self.socket, self.last_id = path, None, 0

    def connect(self):
        for attempt in range(1000000):
            time.sleep(min(0.05 * 2**min(attempt, 9), 5) if attempt else 0)
            try:
                self.unpacker = msgpack.Unpacker(max_buffer_size=64 << 20)
                self.socket = socket.socket(socket.AF_UNIX)
                return self.socket.connect(self.path)
            except OSError:
                self.socket.close()

    def receive(self):
        while True:
            for message in self.unpacker:
                return message
            data = self.socket.recv(1 << 16)
            if not data:
                raise ConnectionError("the engine has gone")
            self.unpacker.feed(data)

    def call(self, method, fields):
        while True:
            try:
                if not self.socket:
                    self.connect()
                self.last_id += 1
                self.socket.sendall(msgpack.packb([0, self.last_id, method, [fields]]))
                while (message := self.receive())[:2] != [1, self.last_id]:
                    pass
                if not message[2]:
                    return message[3]
                if message[2][0] != "outcome_unknown":
                    raise RuntimeError(*message[2][:2])
            except OSError:
                self.socket = None

    def notices(self, first, event_filter):
        """Every event from number `first` on, and when there are no more for now, for ever: (name, {seq, ...})."""
        while True:
            self.call("events.subscribe", {"from": first, "filter": event_filter})
            try:
                while True:
                    _, name, (value,) = self.receive()
                    if "seq" in value:
                        first = value["seq"] + 1
                        yield name, value
            except OSError:
                self.socket = None
