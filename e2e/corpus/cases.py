"""Reads the case files. README.md says how they are written."""
import os
import re

from corpus.octets import unescape

HERE = os.path.dirname(os.path.abspath(__file__))
BLOCKS = {"send", "request", "reply", "late", "before"}
SETTINGS = {"about", "rfc", "end", "methods", "then", "early", "before_then", "before_at"}
DETAILS = {"origin", "host", "body", "present", "absent", "not-present", "no-trailer", "begun", "not-said", "closes", "interim"}


class Outcome:
    """One way in which a case may end: `words` as in the file, and the details below it, in order."""

    def __init__(self, words):
        self.words, self.details = words.split(), []

    def detail(self, name):
        return next((value for key, value in self.details if key == name), None)


class Case:
    def __init__(self, group, name):
        self.group, self.name = group, name
        self.blocks, self.settings, self.outcomes = {}, {}, []

    def check(self):
        """What every case must say; more is said where it is used."""
        missing = {"about", "rfc"} - set(self.settings)
        if missing or not self.outcomes or not {"send", "reply"} & set(self.blocks):
            raise ValueError(f"incomplete: {', '.join(sorted(missing)) or 'octets or expect'}")


def read_group(path):
    """The cases of one file."""
    cases, pieces, block = [], {}, None
    group = os.path.splitext(os.path.basename(path))[0]
    with open(path, encoding="ascii") as lines:
        for number, line in enumerate(lines, 1):
            try:
                block = read_line(line.rstrip("\n"), group, cases, pieces, block)
            except (ValueError, KeyError, IndexError) as error:
                raise ValueError(f"{path}:{number}: {error}") from error
    for case in cases:
        try:
            case.check()
        except ValueError as error:
            raise ValueError(f"{path}: [{case.name}]: {error}") from error
    return cases


def read_line(line, group, cases, pieces, block):
    """Takes one line; returns the block of octets that the next line may belong to."""
    if not line or line.startswith("#"):
        return None
    if line.startswith("let "):
        name, text = line[len("let "):].split(" = ", 1)
        pieces[name] = unescape(text)
    elif line.startswith("["):
        cases.append(Case(group, re.fullmatch(r"\[([a-z0-9-]+)\]", line)[1]))
    elif line.startswith("  ") and block:
        cases[-1].blocks[block] += unescape(line[2:], pieces)
        return block
    elif line.startswith("  "):
        key, value = split(line.strip(), DETAILS)
        cases[-1].outcomes[-1].details.append((key, unescape(value, pieces)))
    else:
        key, value = split(line, BLOCKS | SETTINGS | {"expect"})
        if key in BLOCKS:
            cases[-1].blocks[key] = b""
            return key
        if key == "expect":
            cases[-1].outcomes.append(Outcome(value))
        else:
            cases[-1].settings[key] = value
    return None


def split(line, known):
    key, _, value = line.partition(":")
    if key not in known:
        raise ValueError(f"unknown key {key!r}")
    return key, value.strip(" ")


def read_folder(folder):
    """(group, cases) of every file of a folder; the names of the cases are unique."""
    groups, seen = [], set()
    for file in sorted(os.listdir(os.path.join(HERE, folder))):
        if file.endswith(".txt"):
            cases = read_group(os.path.join(HERE, folder, file))
            groups.append((file[:-len(".txt")], cases))
            twice = [case.name for case in cases if case.name in seen or seen.add(case.name)]
            if twice:
                raise ValueError(f"{file}: twice: {', '.join(twice)}")
    return groups
