"""Every response of responses/ through the gate, in clear text and TLS, whole and octet by octet; one test for each file."""
from corpus import response_case
from corpus.cases import read_folder
from corpus.stands import run_group, start_stands

fixture = start_stands


def more_tests():
    for group, cases in read_folder("responses"):
        yield group, lambda stands, cases=cases: run_group(stands, cases, response_case.run), {}
