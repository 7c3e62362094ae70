"""Counts words: of `text`, or of the greeting that a sequence hands on."""
from collections import Counter


def main(args):
    text = args.get("text", args.get("greeting", ""))
    words = [w.strip(".,;:!?").lower() for w in text.split()]
    print("counting", len(words), "words")
    return {"words": len(words), "most": Counter(words).most_common(3)}
