"""Runs a Python action as the child of Hearth's proxy.

The first line on stdin says what to load: {"folder", "main", "env"}. The folder
holds an unpacked archive, or the source text as the file "exec". A folder
"virtualenv" in an archive is used. The next lines are requests in JSON, answers
are lines of JSON on file descriptor 3.

Where several calls may run at a time, requests are "<number> <JSON>" and answers
"<number> <status> <JSON>"; "mark" in the first line wants each line of output to
begin with it and the activation that prints it.
"""

import asyncio
import concurrent.futures
import contextvars
import glob
import importlib.machinery
import importlib.util
import inspect
import io
import json
import os
import select
import site
import sys
import threading
import traceback

ANSWERS = 3


def take_stdin():
    """Return stdin as a file, and give the action an empty one instead."""
    requests = os.fdopen(os.dup(0), "rb")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    return requests


def load(folder, main):
    """Import the action and return its entry point."""
    os.chdir(folder)
    sys.path.insert(0, folder)
    for packages in glob.glob(os.path.join(folder, "virtualenv/lib/python3*/site-packages")):
        before = list(sys.path)
        site.addsitedir(packages)
        # what the action brings goes before what the image has
        added = [entry for entry in sys.path if entry not in before]
        sys.path[:] = before[:1] + added + before[1:]
    if os.listdir(folder) == ["exec"]:
        file = os.path.join(folder, "exec")
    else:
        file = os.path.join(folder, "__main__.py")
        if not os.path.isfile(file):
            raise FileNotFoundError("Zip file does not include __main__.py at the top level.")
    loader = importlib.machinery.SourceFileLoader("main__", file)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("main__", loader))
    sys.modules["main__"] = module
    loader.exec_module(module)
    handler = module
    for name in main.split("."):
        handler = getattr(handler, name)
    if not callable(handler):
        raise TypeError(f"Action entrypoint '{main}' is not a function.")
    return handler


def run(handler, line, loop):
    """Answer one request with bytes of JSON."""
    try:
        request = json.loads(line)
        value = request.pop("value", {})
        for key, text in request.items():
            os.environ["__OW_" + key.upper()] = text if isinstance(text, str) else json.dumps(text)
        result = handler(value)
        if inspect.isawaitable(result):
            result = loop.run(complete(result))
        return json.dumps(result, ensure_ascii=False).encode("utf-8", "surrogatepass")
    except Exception as e:
        traceback.print_exc()
        return json.dumps({"error": str(e)}).encode()


async def complete(result):
    """Await what an asynchronous action returned."""
    return await result


class Output(io.BufferedIOBase):
    """A stream whose lines begin with the mark and the activation that prints.

    Only whole lines are written, so that those of several activations do not
    mix; what none of them prints stays as it is.
    """

    def __init__(self, fd):
        self.fd = fd
        self.lock = threading.Lock()
        self.rests = {}  # prefix -> what has no newline yet

    def writable(self):
        return True

    def fileno(self):
        return self.fd

    def write(self, data):
        prefix = caller.get()
        data = bytes(data)
        with self.lock:
            if prefix not in self.rests:  # nobody, or one who has ended
                self.put(data)
                return len(data)
            *lines, self.rests[prefix] = (self.rests[prefix] + data).split(b"\n")
            self.put(b"".join(prefix + b" " + line + b"\n" for line in lines))
        return len(data)

    def begin(self, prefix):
        with self.lock:
            self.rests[prefix] = b""

    def end(self, prefix):
        """Write what is left, and that there is no more."""
        with self.lock:
            rest = self.rests.pop(prefix)
            self.put((prefix + b" " + rest + b"\n" if rest else b"") + prefix + b"\n")

    def put(self, data):
        while data:
            try:
                data = data[os.write(self.fd, data) :]
            except BlockingIOError:  # a child process made the pipe so
                select.select([], [self.fd], [])


class Concurrent:
    """Answers several requests at a time: functions in threads, coroutines in
    one event loop."""

    def __init__(self, handler, send, mark):
        self.handler, self.send, self.mark = handler, send, mark
        self.sending = threading.Lock()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.threads = concurrent.futures.ThreadPoolExecutor(max_workers=256)

    def take(self, line):
        """Begin a request, "<number> <JSON>"."""
        number, request = line.split(b" ", 1)
        self.threads.submit(contextvars.copy_context().run, self.perform, number, request)

    def run(self, result):
        """Complete a coroutine, for run."""
        return asyncio.run_coroutine_threadsafe(result, self.loop).result()

    def perform(self, number, request):
        try:
            prefix = None
            if self.mark:
                prefix = f"{self.mark} {json.loads(request).get('activation_id')}".encode()
                caller.set(prefix)
                for stream in outputs:
                    stream.begin(prefix)
            answer = run(self.handler, request, self)
            if prefix:
                for stream in outputs:
                    stream.end(prefix)
            with self.sending:
                self.send(number + b" 200 " + answer)
        except SystemExit as e:  # as if there were no threads
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(e.code if isinstance(e.code, int) else 1)
        except BaseException:
            traceback.print_exc()
            os._exit(1)


caller = contextvars.ContextVar("caller", default=None)  # mark and activation
outputs = []


def attribute():
    """Have lines say whose they are, where print and logging write them."""
    for name, fd in (("stdout", 1), ("stderr", 2)):
        output = Output(fd)
        outputs.append(output)
        setattr(sys, name, io.TextIOWrapper(output, encoding="utf-8", errors="backslashreplace", write_through=True))


def main():
    os.set_inheritable(ANSWERS, False)
    answers = os.fdopen(ANSWERS, "wb")
    requests = take_stdin()

    def send(data):
        sys.stdout.flush()
        sys.stderr.flush()
        answers.write(data + b"\n")
        answers.flush()

    hello = requests.readline()
    if not hello:
        return
    hello = json.loads(hello)
    os.environ.update(hello["env"])
    many = os.environ.get("__OW_ALLOW_CONCURRENT") == "true"
    mark = many and hello.get("mark")
    if mark:
        attribute()
    try:
        handler = load(hello["folder"], hello["main"])
    except BaseException as e:
        traceback.print_exc()
        send(json.dumps({"ok": False, "error": f"Initialization has failed due to: {e!r}"}).encode())
        sys.exit(1)
    if many:
        send(b'{"ok":true,"frames":true}')
        calls = Concurrent(handler, send, mark)
        for line in requests:
            calls.take(line)
        os._exit(0)  # nobody waits for what still runs
    send(b'{"ok":true}')
    with asyncio.Runner() as loop:
        for line in requests:
            send(run(handler, line, loop))


main()
