"""What the tests of muster-replay's verbs for operators share: a data directory with a history in several segments, the
tool's records, and where its files are."""
import glob
import json
import os

import muster

WELL, DIFFERENT, USAGE, DAMAGED, INCOMPLETE, NOTHING, BUSY, NEWER, SIGNATURE, NO_SPACE, IO, CRASHED = range(12)


def replay(stage, *words, code=WELL):
    """Its records; it must end with `code`, one of them if there are several."""
    done = stage.run("muster-replay", *words)
    codes = code if isinstance(code, (tuple, range)) else (code,)
    assert done.returncode in codes, f"{words} ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def on_data(stage, *words, **how):
    return replay(stage, "--data", stage.data, *words, **how)


def on(directory, stage, *words, **how):
    return replay(stage, "--data", directory, *words, **how)


def of_kind(records, kind):
    return [record for record in records if record["record"] == kind]


def place(stage, name):
    return os.path.join(stage.directory, name)


def segments(directory):
    return sorted(glob.glob(directory + "/*.mdb"))


def first_of(segment):
    return int(os.path.basename(segment)[:20])


def run_job(stage, engine, client, name):
    fleet = stage.fleet(engine, "--fail-rate", "10%")
    client.call("jobs.run", muster.property_job(id=name, batch={"type": "number", "value": 300}))
    client.wait_for(name, "complete")
    fleet.stop()


def busy(stage, engine, devices=2000):
    """Devices, and a job on them: some 4,100 events."""
    client = engine.client()
    muster.register(client, devices)
    client.call("groups.put", id="all")
    run_job(stage, engine, client, "first")
    return client


def started(stage):
    return stage.engine("--segment-events", 1000)


def stopped(stage):
    """A data directory of an engine that was busy, and has stopped."""
    engine = started(stage)
    busy(stage, engine)
    engine.stop()


def stored(stage, directory, *words):
    """Every event as it is stored, without the header, in which each log has its own id."""
    return of_kind(on(directory, stage, "events", "--numbers", *words), "event")
