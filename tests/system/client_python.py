#!/usr/bin/python3
"""A job from end to end with a client of MessagePack-RPC that others wrote: client_python.py SOCKET"""
import sys

from pynvim.msgpack_rpc import socket_session

session = socket_session(sys.argv[1])
session.error_wrapper = lambda error: Exception(error[1])


def muster(method, **fields):
    return session.request(method, fields)


for number in range(3):
    muster("devices.put", id=f"meter-{number}", displayName=f"Meter {number}")
muster("groups.put", id="meters", filter="$id STARTSWITH 'meter-'")
job = muster("jobs.run", group="meters", data=[{"type": "property", "path": "firmware", "value": "2.1"}])

# The other side: a connector takes work, carries it to the devices and reports what they answered.
while muster("jobs.get", id=job["id"])["status"] != "complete":
    for work in muster("work.take", connector="python", max=100, wait=1):
        results = [[index, "completed"] for index, device in enumerate(work["devices"])]
        muster("work.report", work=work["work"], results=results)

print(muster("jobs.results", id=job["id"])["data"].decode(), end="")
