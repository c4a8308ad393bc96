"""What the tests of faults share: a disk that fills up, calls that fail when told to, a machine that was started again.
Whatever is mounted is mounted in a namespace of the test's own and goes with it: nothing stays behind."""
import contextlib
import os
import re
import subprocess
import sys

import muster

INTERPOSE = os.path.join(muster.BUILD, "tests/faults/libinterpose.so")
MIB = 1 << 20


def apart():
    """Runs this program again with mounts of its own; those who are not root become it, in a user namespace."""
    if "APART" in os.environ:
        return
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    words = ["unshare", "--mount", *as_root, sys.executable, *sys.argv]
    os.execvpe("unshare", words, {**os.environ, "APART": "1"})


class SmallDisk:
    """A disk of its own for the stage's data, in memory; within `with`."""

    def __init__(self, stage, mebibytes):
        self.path = stage.data
        self.filler = os.path.join(stage.data, "filler")
        self.mebibytes = mebibytes

    def __enter__(self):
        os.mkdir(self.path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.mebibytes}m", "tmpfs", self.path], check=True)
        return self

    def __exit__(self, *_):
        # What still runs there is ended after this.
        subprocess.run(["umount", "--lazy", self.path], check=True)

    def free(self):
        disk = os.statvfs(self.path)
        return disk.f_bavail * disk.f_frsize

    def fill(self, leave=0):
        """Takes what is free, as somebody else's file would; leaves so many bytes."""
        with open(self.filler, "ab") as file:
            while (more := self.free() - leave) > 0:
                # The engine may be quicker.
                with contextlib.suppress(OSError):
                    os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size + more)

    def clear(self):
        os.unlink(self.filler)


def preloaded():
    """What LD_PRELOAD must hold. A sanitizer's library wants to come first."""
    linked = subprocess.run(["ldd", os.path.join(muster.BUILD, "musterd")], capture_output=True, text=True, check=True)
    return ":".join(re.findall(r"=> (\S*/libasan\S*)", linked.stdout) + [INTERPOSE])


@contextlib.contextmanager
def environment(**variables):
    """For the programs that are started within `with`."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Faults:
    """Calls that fail. Engines whose calls are to fail are started within `with faults:`; tests/faults/control.h says
    what a rule is."""

    def __init__(self, stage):
        self.path = stage.file("faults", b"")
        self.environment = environment(LD_PRELOAD=preloaded(), FAULTS=self.path)

    def __enter__(self):
        self.environment.__enter__()
        return self

    def __exit__(self, *error):
        self.environment.__exit__(*error)

    def set(self, *rules):
        """These from now on, counted from here; none: nothing fails any more."""
        with open(self.path, "w", encoding="ascii") as file:
            file.write("".join(rule + "\n" for rule in rules))
