#!/usr/bin/python3
"""A connector: takes devices, does with them what the job says, reports how it went. connector.py SOCKET"""
import sys
import time

from muster import Muster

engine = Muster(sys.argv[1])


def deliver(device, work):
    """Here the device is spoken to. It may have done this job in an attempt whose report was lost, and should know."""
    time.sleep(0.005)
    for entry in work["data"]:
        print(f"{device}: {entry['path']} = {entry['value']} ({work['job']}, attempt {work['attempt']})", flush=True)
    return "completed"


while True:
    for work in engine.call("work.take", {"connector": "python", "max": 10, "wait": 60}):
        results = [[index, deliver(device, work)] for index, device in enumerate(work["devices"])]
        engine.call("work.report", {"work": work["work"], "results": results})
