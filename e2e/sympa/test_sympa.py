"""A real Sympa through Apache and through Sallyport, with the example configuration and with the imported one: the same
answers, and the same seen by Sympa."""
from harness.certificates import Authority
from harness.runner import limit
from sympa.answers import converse
from sympa.backend import DOMAIN, Backend
from sympa.comparison import differences, shown
from sympa.conversation import STEPS
from sympa.differences import DIFFERENCES, intended
from sympa.fronts import apache_front, example_front, imported_front

WARM_UP = ["home", "lists", "info", "login form", "login", "logout", "soap login", "style"]
VARIANTS = ["example", "imported"]


class Fixture:
    def __init__(self, scope):
        authority = Authority(scope.folder)
        certificate = authority.sign("front", DOMAIN)
        backend = Backend(scope)
        self.reference_front = apache_front(scope, backend, certificate)
        # Sympa writes its style sheets and compiles its templates when it is asked for the first time.
        converse(self.reference_front, backend, authority, [step for step in STEPS if step.name in WARM_UP])
        self.reference = converse(self.reference_front, backend, authority)
        self.answers = {"example": converse(example_front(scope, backend, certificate), backend, authority),
                        "imported": converse(imported_front(scope, backend, certificate), backend, authority)}


@limit(400)
def fixture(scope):
    return Fixture(scope)


def compare(env, front, step):
    found = differences(env.reference[step], env.answers[front][step])
    for difference in intended(front, step):
        for aspect in difference.aspects:
            assert aspect in found, f"`{aspect}` does not differ any more: {difference.why}"
            if aspect in difference.ours:
                value = env.answers[front][step][aspect]
                assert difference.ours[aspect] == value, f"{aspect}: {difference.ours[aspect]!r} was expected, {value!r} came: {difference.why}"
            del found[aspect]
    assert not found, "\n".join(f"{aspect}: {shown(pair)}" for aspect, pair in found.items())


def more_tests():
    for step in STEPS:
        for front in VARIANTS:
            yield f"{step.name}[{front}]", lambda env, front=front, step=step.name: compare(env, front, step), {}


def test_the_visitor_was_served(env):
    """The comparison is worth something only if Apache's answers are those of a working Sympa."""
    for name, status in {"home": 200, "login": 302, "soap login": 200, "soap lists": 200, "logo": 200, "echo": 200, "upload": 200,
                         "host of another": 421, "logo not changed": 304, "logo first octets": 206}.items():
        assert env.reference[name]["status"] == status, f"{name}: {env.reference[name]['status']}"
    assert "/sympa/pref" in env.reference["home logged in"]["body"]


def test_every_intended_difference_is_of_a_step(env):
    names = {step.name for step in STEPS}
    for difference in DIFFERENCES:
        assert set(difference.steps) <= names, difference.why
    del env
