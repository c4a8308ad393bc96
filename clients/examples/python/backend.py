#!/usr/bin/python3
"""A backend: registers devices, runs a job, and keeps count of it from its events. backend.py SOCKET STATE DEVICES
The file STATE holds what it has made of the events and the number of the next one, always both: so it may be ended and
started again at any moment, and so may the engine."""
import os
import sys

from muster import Muster

path, state, devices = sys.argv[1], sys.argv[2], int(sys.argv[3])
JOB = "flush-1"  # of our own making: to run it again is to get it as it is
ENDS = ["JOB_COMPLETED", "JOB_FAILED", "JOB_CANCELLED"]


def save(following, completed):
    with open(state + ".new", "w", encoding="ascii") as file:
        file.write(f"{following} {completed}\n")
    os.replace(state + ".new", state)  # whole, or not at all; add os.fsync where the power may fail


def load():
    with open(state, encoding="ascii") as file:
        return map(int, file.read().split())


engine = Muster(path)
if not os.path.exists(state):  # first of all where to begin, so that no event of the job is missed
    save(engine.call("info", {})["head"] + 1, 0)
for number in range(devices):
    engine.call("devices.put", {"id": f"pump-{number}", "displayName": f"Pump {number}"})
engine.call("groups.put", {"id": "pumps", "filter": "$id STARTSWITH 'pump-'"})
engine.call("jobs.run", {"id": JOB, "group": "pumps", "data": [{"type": "command", "path": "flush", "value": 5}]})

following, completed = load()
for name, event in Muster(path).notices(following, {"job": JOB, "type": ["DEVICE_RESULT", *ENDS]}):
    if event.get("type") in ENDS:  # not saved: started again, it ends here again
        break
    completed += name == "event" and event["ends"] and event["outcome"] == "completed"
    save(event["seq"] + 1, completed)
print(f"{event['type']}: {completed} completed")
