"""What the tests of muster-replay's verbs for operators share: a data directory with a history in several segments, and
where its files are."""
import glob
import os

import muster
from replaying import *

NO_SPACE, IO = 9, 10
ANY = tuple(range(12))


def on(directory, stage, *words, **how):
    return replay(stage, "--data", directory, *words, **how)


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


def change_event(stage):
    """Changes a byte in every copy of one event in the second segment; gives its number."""
    row = of_kind(on_data(stage, "events", "--numbers", "--type", "DEVICE_REGISTERED"), "event")[1150]
    path = segments(stage.data + "/log")[1]
    assert row["seq"] > first_of(path)
    with open(path, "r+b") as file:
        data = file.read()
        file.seek(0)
        file.write(data.replace(row["id"].encode(), b"x" * len(row["id"])))
    return row["seq"]
