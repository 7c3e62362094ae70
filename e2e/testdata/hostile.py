"""Does what an action should not get away with, and says how far it got.

The parameter "how" names a function below, the others are its arguments. The
answer is what stopped it, as the name of an error of the system, or what it
got.
"""

import ctypes
import errno
import os
import signal
import socket
import struct
import subprocess
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)


def main(args):
    how = globals()[args.pop("how")]
    try:
        got = how(**args)
    except OSError as e:
        got = errno.errorcode.get(e.errno, str(e))
    return got if isinstance(got, dict) else {"got": str(got)}


def system(call, *args):
    """Make a system call through the C library."""
    result = getattr(libc, call)(*args)
    if result < 0:
        raise OSError(ctypes.get_errno(), call)
    return "done"


def until_refused(step):
    """Repeat a step until the system refuses it, and say how often it went well."""
    done = 0
    try:
        while True:
            step()
            done += 1
    except OSError as e:
        return {"got": errno.errorcode[e.errno], "count": done}
    except RuntimeError as e:  # of threads
        return {"got": str(e), "count": done}


# the network


def gateway():
    """Return the host's address on the bridge."""
    with open("/proc/net/route") as routes:
        for fields in map(str.split, routes):
            if fields[1] == "00000000":
                return socket.inet_ntoa(struct.pack("<L", int(fields[2], 16)))


def dial(port, address=None):
    socket.create_connection((address or gateway(), port), timeout=2).close()
    return "connected"


def dial_unix(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
    return "connected"


def listen(kept=[]):
    """Listen to all the world, also after the answer, and say where."""
    kept.append(socket.create_server(("0.0.0.0", 0)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((gateway(), 9))
        return {"got": s.getsockname()[0], "count": kept[-1].getsockname()[1]}


def raw(family, protocol):
    socket.socket(getattr(socket, family), socket.SOCK_RAW, protocol)
    return "done"


# the kernel


def mount():
    return system("mount", b"none", b"/tmp", b"tmpfs", 0, None)


def mknod():
    os.mknod("/tmp/disk", 0o60666, os.makedev(8, 0))
    return "done"


def setuid():
    os.setuid(0)
    return "done"


def chroot():
    os.chroot("/tmp")
    return "done"


def trace(pid):
    return system("ptrace", 16, pid, None, None)  # PTRACE_ATTACH


def processes(word):
    """Look for a process whose command line has that word."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with open(f"/proc/{pid}/cmdline", "rb") as line:
            found.append(line.read().replace(b"\0", b" ").decode())
    return "found" if any(word in line for line in found) else "none"


def status(line):
    with open("/proc/self/status") as lines:
        return next(text.split()[1] for text in lines if text.startswith(line + ":"))


# files


def read(path):
    with open(path, "rb") as f:
        f.read(1)
    return "read"


def write(path):
    with open(path, "ab") as f:
        f.write(b"x")
    return "written"


def unlink(path):
    os.unlink(path)
    return "gone"


def wander():
    """Try every folder there is, and say which ones but those in memory took a file."""
    took = []
    for folder, below, _ in os.walk("/"):
        if folder == "/":
            below.remove("proc")
            below.remove("sys")
        try:
            file = os.path.join(folder, "evil")
            write(file)
            os.unlink(file)
            took.append(folder)
        except OSError:
            pass
    memory = ("/tmp", "/dev/shm", "/dev/mqueue")
    return " ".join(f for f in took if not f.startswith(memory)) or "nowhere"


def fill(path):
    block = b"\1" * (1 << 20)
    try:
        with open(path, "wb", buffering=0) as f:
            return until_refused(lambda: f.write(block))
    finally:
        os.unlink(path)


# plenty


def files():
    held = []
    return until_refused(lambda: held.append(open("/dev/null")))


def tasks():
    return len(os.listdir("/proc/self/task"))


def threads():
    end, before = threading.Event(), tasks()
    threading.stack_size(64 << 10)
    try:
        return until_refused(lambda: threading.Thread(target=end.wait).start())
    finally:
        end.set()
        # Those that still end would count against the next attempt.
        while tasks() > before:
            time.sleep(0.01)


def children():
    held = []
    try:
        return until_refused(lambda: held.append(os.posix_spawn("/bin/sleep", ["sleep", "1000"], {})))
    finally:
        for pid in held:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def bomb():
    subprocess.Popen(["sh", "-c", "b() { b | b & }; b"])
    time.sleep(2)
    die()  # and leave the others to it


def eat():
    held = []
    while True:
        held.append(b"\1" * (1 << 20))


def feed_child():
    pid = os.fork()
    if pid == 0:
        eat()
    _, status = os.waitpid(pid, 0)
    return "child ended by signal %d" % os.WTERMSIG(status)


# the end


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def kill_first():
    os.kill(1, signal.SIGKILL)
    time.sleep(0.1)
    return "still here"


def stubborn():
    for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(s, signal.SIG_IGN)
    os.fork()
    while True:
        pass


# after the answer

TALLY = "/tmp/tally"


def burn():
    """Leave a child behind that burns the processor, and counts."""
    if os.fork() == 0:
        n = 0
        while True:
            n += 1
            if n % 100000 == 1:
                with open(TALLY + ".new", "w") as f:
                    f.write(str(n))
                os.rename(TALLY + ".new", TALLY)
    while tally() == 0:
        time.sleep(0.01)
    return "it burns"


def burnt():
    """Wait until the child has counted on."""
    before = tally()
    if before == 0:
        return "nobody burns"
    while tally() == before:
        time.sleep(0.01)
    return "it burns"


def tally():
    try:
        with open(TALLY) as f:
            return int(f.read())
    except FileNotFoundError:
        return 0
