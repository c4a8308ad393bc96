"""What the system tests share: engines, fleets and commands that always end with their test, a client of the socket,
and the runner. A test is a function with @muster.test, named as a sentence, that is given a Stage."""
import contextlib
import filecmp
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

import msgpack

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
# With sanitizers; and without, for what they would distort: memory.
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build/dev"))
RELEASE = os.path.join(ROOT, os.environ.get("RELEASE", "build/release"))
ANSWER_SECONDS = 60
TEST_SECONDS = 300

# Whoever starts a process may be killed: the process then goes too, and leaves no engine behind.
TOGETHER = ["setpriv", "--pdeathsig", "KILL"]


class Refused(Exception):
    """The engine's error: [code, sentence, details]; a text alone when the connection asked for strings."""

    def __init__(self, error):
        super().__init__(error)
        self.error = error
        self.code = error[0] if isinstance(error, list) else None
        self.sentence = error[1] if isinstance(error, list) else error


class Gone(Exception):
    """The connection ended; `reason` is what the engine said before, if anything."""

    def __init__(self, reason=None):
        super().__init__(reason or "the connection ended")
        self.reason = reason


class Client:
    """One connection. call() asks and waits; send() and answer() let many calls be under way."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)  # without a time limit, which would make a busy engine look like none
        self.socket.settimeout(ANSWER_SECONDS)
        self.unpacker = msgpack.Unpacker(raw=False, strict_map_key=False, max_buffer_size=64 << 20)
        self.last_id = 0
        self.answers = {}  # that came while another one was waited for
        self.notices = []  # [method, parameter], in order; taken by notice()

    def close(self):
        self.socket.close()

    def send_bytes(self, data):
        self.socket.sendall(data)

    def send(self, method, fields=None, **more):
        """Sends a call and returns its id. Fields that Python cannot spell as a keyword come in a dict."""
        self.last_id += 1
        self.send_bytes(msgpack.packb([0, self.last_id, method, [{**(fields or {}), **more}]]))
        return self.last_id

    def answer(self, msgid):
        while msgid not in self.answers:
            self.receive()
        error, result = self.answers.pop(msgid)
        if error is not None:
            raise Refused(error)
        return result

    def call(self, method, fields=None, **more):
        return self.answer(self.send(method, fields, **more))

    def notice(self):
        while not self.notices:
            self.receive()
        return self.notices.pop(0)

    def receive(self):
        """Takes what comes next, be it an answer or a notice."""
        for message in self.unpacker:
            if message[0] == 1:
                self.answers[message[1]] = message[2:]
            else:
                self.notices.append([message[1], *message[2]])
            return
        data = self.socket.recv(1 << 20)
        if not data:
            reasons = [notice[1]["reason"] for notice in self.notices if notice[0] == "closing"]
            raise Gone(reasons[-1] if reasons else None)
        self.unpacker.feed(data)

    # ---- What takes more than one call.

    def all(self, method, fields=None, **more):
        """Every row of a list, page by page."""
        fields, rows = {**(fields or {}), **more}, []
        while True:
            page = self.call(method, fields)
            rows += page["value"]
            if "cursor" not in page:
                return rows
            assert page["cursor"] != fields.get("cursor"), f"{method} goes round in a circle"
            fields["cursor"] = page["cursor"]

    def pieces(self, method, key, **fields):
        """The data of jobs.results or imports.errors, put together; `key` is the field that says where to go on."""
        data = b""
        while True:
            piece = self.call(method, fields)
            data += piece["data"]
            if "next" not in piece:
                return data
            assert piece["next"] != fields.get(key), f"{method} goes round in a circle"
            fields[key] = piece["next"]

    def results(self, job):
        """The results log as rows: lists of cells, without its header."""
        return [line.split(",") for line in self.pieces("jobs.results", "next", id=job).decode().splitlines()[1:]]

    def wait_for(self, job, *statuses, seconds=ANSWER_SECONDS):
        return until(lambda: (found := self.call("jobs.get", id=job))["status"] in statuses and found, seconds)


def until(condition, seconds=ANSWER_SECONDS):
    """What the condition gives once that is true."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain")
        time.sleep(0.01)
    return value


class Process:
    """A program of ours. Its standard error goes to a file, so that it never waits for us."""

    def __init__(self, stage, program, *arguments, build=BUILD):
        self.log = open(os.path.join(stage.directory, f"{program}.{len(stage.processes)}.log"), "w+", errors="replace")
        self.name = program
        self.child = subprocess.Popen([*TOGETHER, os.path.join(build, program), *map(str, arguments)],
                                      stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        stage.processes.append(self)

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def is_running(self):
        return self.child.poll() is None

    def kill(self):
        self.child.kill()
        self.child.wait()

    def wait(self):
        return self.child.wait(ANSWER_SECONDS)

    def stop(self):
        """In order. Sanitizers report leaks at the end, by the exit code."""
        self.child.send_signal(signal.SIGTERM)
        code = self.wait()
        assert code == 0, f"{self.name} ended with {code}"


class Engine(Process):
    """A musterd that answers, unless `ready` is False: then it has only been started. Its socket is at `path`, in the
    data directory if that is not given. Its ballast is left away: it has nothing to do with what is tested here."""

    def __init__(self, stage, *arguments, path=None, ready=True, build=BUILD):
        self.path = path or os.path.join(stage.data, "muster.sock")
        self.reader_path = os.path.join(stage.data, "reader.sock")
        super().__init__(stage, "musterd", "--data", stage.data, "--socket", self.path, "--ballast-bytes", 0,
                         *arguments, build=build)
        if ready:
            until(self.answers)

    def answers(self):
        assert self.is_running(), f"musterd ended with {self.child.returncode} instead of serving"
        try:
            with contextlib.closing(Client(self.path)) as client:
                return client.call("hello")
        except (OSError, Gone):
            return False

    def client(self):
        return Client(self.path)

    def reader(self):
        return Client(self.reader_path)

    def memory(self):
        """The most it has had, in MiB."""
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) >> 10


class Stage:
    """One test's directory and all that it starts."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="muster-system-")
        self.data = os.path.join(self.directory, "data")
        self.processes = []

    def engine(self, *arguments, **how):
        """Starts an engine on this stage's data, again if there was one."""
        return Engine(self, *arguments, **how)

    def fleet(self, engine, *arguments):
        return Process(self, "muster-fleet", "--socket", engine.path, "--quiet", *arguments)

    def run(self, program, *arguments, **options):
        """Runs a program to its end; what it wrote is text."""
        return subprocess.run([*TOGETHER, os.path.join(BUILD, program), *map(str, arguments)], capture_output=True,
                              text=True, timeout=ANSWER_SECONDS, check=False, cwd=self.directory, **options)

    def muster(self, engine, *words, code=0):
        """The command; it must end with `code`. Gives its standard output, or what it complained about."""
        done = self.run("muster", "--socket", engine.path, *words)
        assert done.returncode == code, f"muster {' '.join(words)} ended with {done.returncode}: {done.stderr}"
        return done.stdout if code == 0 else done.stderr

    def file(self, name, data):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def end(self):
        """In order, so that every test also tests the stop; fails when that fails or a sanitizer found something."""
        for process in reversed(self.processes):
            if process.is_running():
                process.stop()
        for process in self.processes:
            for mark in ("Sanitizer", "runtime error:", "muster: bug:"):
                assert mark not in process.output(), f"{process.name} reports an error"

    def clear(self):
        for process in self.processes:
            if process.is_running():
                process.kill()
            process.log.close()
        shutil.rmtree(self.directory)

    def show(self):
        """What the programs had to say, beyond that they serve."""
        for number, process in enumerate(self.processes):
            lines = [line for line in process.output().splitlines() if "serving at" not in line]
            if lines:
                print(f"---- {process.name}, started as number {number}:", *lines[-60:], sep="\n")


def register(client, count, prefix="d"):
    """Registers devices, pipelined, and gives their ids."""
    ids = [f"{prefix}{number:05}" for number in range(count)]
    for msgid in [client.send("devices.put", id=id) for id in ids]:
        client.answer(msgid)
    return ids


def property_job(**fields):
    """The fields of a job on the group "all"."""
    return {"group": "all", "data": [{"type": "property", "path": "firmware", "value": "2.1"}], **fields}


def node_modules():
    """Where Node finds the client that others wrote: installed into the build directory, exactly what package-lock.json
    names, unless that is there."""
    wanted, there = os.path.join(ROOT, "tests/system/node"), os.path.join(ROOT, "build/node")
    lock = os.path.join(wanted, "package-lock.json")
    installed = os.path.join(there, "node_modules/.package-lock.json")
    if not os.path.exists(installed) or not filecmp.cmp(lock, os.path.join(there, "package-lock.json"), shallow=False):
        os.makedirs(there, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(os.path.join(wanted, name), there)
        subprocess.run(["npm", "ci", "--prefix", there, "--ignore-scripts", "--no-audit", "--no-fund"], check=True,
                       stdout=subprocess.DEVNULL, timeout=TEST_SECONDS)
    return os.path.join(there, "node_modules")


def seed():
    """SEED of the environment, or a new one; printed, so that a failure can be had again."""
    chosen = int(os.environ.get("SEED", time.time_ns() % 1000000))
    print(f"SEED={chosen}")
    return chosen


tests = []


def test(function):
    tests.append(function)
    return function


def out_of_time(*_):
    raise AssertionError(f"the test took more than {TEST_SECONDS} s")


def passes(function):
    stage = Stage()
    signal.alarm(TEST_SECONDS)
    begun = time.monotonic()
    try:
        function(stage)
        stage.end()
    except Exception:  # whatever went wrong, the next test runs
        print(f"FAILED  {function.__name__}")
        traceback.print_exc(file=sys.stdout)
        stage.show()
        return False
    finally:
        signal.alarm(0)
        stage.clear()
    print(f"ok      {function.__name__}  ({time.monotonic() - begun:.1f} s)")
    return True


def main():
    """Runs the tests of the program; words on the command line choose those whose names hold one."""
    signal.signal(signal.SIGALRM, out_of_time)
    chosen = [function for function in tests if not sys.argv[1:] or any(w in function.__name__ for w in sys.argv[1:])]
    passed = sum([passes(function) for function in chosen])
    print(f"{passed} passed, {len(chosen) - passed} failed")
    sys.exit(passed < len(chosen))
