"""Runs a Python action as the child of Hearth's proxy.

The first line on stdin says what to load: {"folder", "main", "env"}. The folder
holds an unpacked archive, or the source text as the file "exec". A folder
"virtualenv" in an archive is used. The next lines are requests in JSON, answers
are lines of JSON on file descriptor 3.
"""

import asyncio
import glob
import importlib.machinery
import importlib.util
import inspect
import json
import os
import site
import sys
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
    try:
        handler = load(hello["folder"], hello["main"])
    except BaseException as e:
        traceback.print_exc()
        send(json.dumps({"ok": False, "error": f"Initialization has failed due to: {e!r}"}).encode())
        sys.exit(1)
    send(b'{"ok":true}')
    with asyncio.Runner() as loop:
        for line in requests:
            send(run(handler, line, loop))


main()
