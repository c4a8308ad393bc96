"""What the tests of muster-replay share: running it, reading its records, and events that no engine would write."""
import json
import os
import subprocess

import msgpack

import muster

WELL, DIFFERENT, USAGE, DAMAGED, INCOMPLETE, NOTHING, BUSY, NEWER, CRASHED = 0, 1, 2, 3, 4, 5, 6, 7, 11


def replay(stage, *words, code=WELL):
    """Its records; it must end with `code`, one of them if there are several."""
    done = stage.run("muster-replay", *words)
    codes = code if isinstance(code, tuple) else (code,)
    assert done.returncode in codes, f"{words} ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def on_data(stage, *words, **how):
    return replay(stage, "--data", stage.data, *words, **how)


def of_kind(records, kind):
    return [record for record in records if record["record"] == kind]


def all_events(client):
    rows, next_seq, head = [], 1, client.call("info")["head"]
    while next_seq <= head:
        page = client.call("events.read", {"from": next_seq, "limit": 1000})
        rows, next_seq = rows + page["value"], page["next"]
    return rows


def as_shown(records):
    """Events as events.read gives them."""
    return [{key: value for key, value in record.items() if key != "record"} for record in of_kind(records, "event")]


def readable(value):
    """As JSON has it: bytes as hexadecimal digits."""
    return json.loads(json.dumps(value, default=bytes.hex))


def append(stage, *values):
    """What no engine would write, behind all that is there; gives its first number."""
    head, time_us = on_data(stage, "info")[-1]["head"], 4000000000000000
    stored = [msgpack.packb([code, time_us, 0, 0, *fields]).hex() for code, *fields in values]
    program = os.path.join(muster.BUILD, "tests/faults/log_append")
    subprocess.run([program, stage.data + "/log", str(time_us), *stored], check=True)
    return head + 1


def plain(record):
    return {key: value for key, value in record.items() if key != "record"}


def rows(records, kind):
    return [plain(record) for record in of_kind(records, kind)]


def begin(stage, count=300):
    """An engine with devices, and a group of all."""
    engine = stage.engine("--segment-events", 1000)
    client = engine.client()
    muster.register(client, count)
    client.call("templates.put", id="pump", displayName="Pump")
    client.call("groups.put", id="all")
    return engine, client


def fleet_of(stage, engine):
    """It fails now and then."""
    return stage.fleet(engine, "--fail-rate", "20%", "--seed", 7)


def busy_with_jobs(stage):
    """A job with retries that is stopped and resumed, its rerun, and one that is cancelled."""
    engine, client = begin(stage, 700)
    fleet = fleet_of(stage, engine)
    client.call("jobs.run", muster.property_job(id="first", batch={"type": "number", "value": 100}, onBehalfOf="alice",
                                                retries={"max": 1}, description="of the tests"))
    client.call("jobs.stop", id="first")
    client.call("jobs.resume", id="first", onBehalfOf="bob")
    client.wait_for("first", "complete")
    client.call("jobs.rerun", id="first", newId="again")
    client.wait_for("again", "complete")
    client.call("jobs.run", muster.property_job(id="last", batch={"type": "number", "value": 1}))
    client.call("jobs.cancel", id="last")
    client.wait_for("last", "cancelled")
    fleet.stop()
    return engine, client


def as_listed(job):
    """A job without what only a running engine knows."""
    return {key: value for key, value in readable(job).items() if key != "waiting"}
