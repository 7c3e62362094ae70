import os
import sys


def main(params):
    do = params["do"]
    if do == "echo":
        return params
    if do == "array":
        return [1, "two", {"three": 3}]
    if do == "env":
        return dict(os.environ)
    if do == "error":
        return {"error": "no"}
    if do == "scalar":
        return 5
    if do == "log":
        print("to stdout ü")
        print("to stderr ü", file=sys.stderr)
    if do == "burst":
        for n in range(1000):
            print("line", n, "x" * 200)
    if do == "throw":
        raise ValueError("thrown")
    if do == "exit":
        print("last words", end="")
        os._exit(0)
    return {}
