"""Passwords that are not taken: short, among the first that anybody guesses, or the operator's own name."""

#: Fewest and most characters.
LEAST, MOST = 12, 256

#: What people put together when they have to choose one; each counts with digits and signs around it, too.
_COMMON = frozenset(
    (
        *("password", "passwordpassword", "mypassword", "yourpassword", "newpassword", "thepassword"),
        *("passw0rd", "p@ssword", "p@ssw0rd", "pa$$word", "passphrase", "passwort", "motdepasse"),
        *("contraseña", "contrasena", "administrator", "adminadmin", "adminpassword", "superadmin"),
        *("letmein", "letmeinplease", "letmeinnow", "welcome", "welcomehome", "iloveyou", "iloveyousomuch"),
        *("changeme", "changemeplease", "changethis", "changeit", "secret", "secretsecret", "mysecret"),
        *("topsecret", "trustnoone", "trustno", "opensesame", "whatever", "nothingatall", "masterkey"),
        *("monkeymonkey", "dragondragon", "sunshine", "princess", "football", "baseball", "superman"),
        *("starwars", "correcthorsebatterystaple", "correct horse battery staple", "newsletter"),
        *("newsletters", "editor", "operator", "default", "temporary", "testtest", "testpassword", "guest"),
        *("qwerty", "qwertyqwerty", "qwertz", "azerty", "internet", "computer", "login", "loginlogin"),
    )
)

#: Runs of keys; a password that is a piece of one, forwards or backwards, is guessed at once.
_RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789" * 3,
    "1234567890" * 3,
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
)

#: Longest piece that repeated makes a whole password: "abcabcabcabc".
_LONGEST_PIECE = 4

_AROUND = "0123456789 !?.,;:-_+*#$%&/()=@"


def weakness(password: str, *, name: str) -> str:
    """Return why a password is not taken, as an operator reads it; empty if it is.

    Args:
        password: As it was typed.
        name: The operator's name.
    """
    if len(password) < LEAST:
        return f"a password has at least {LEAST} characters: three or four words make a good one"
    if len(password) > MOST:
        return f"a password has at most {MOST} characters"
    plain = password.casefold()
    bare = plain.strip(_AROUND)
    own = name.casefold()
    if bare.replace(own, "").strip(_AROUND) == "":
        return "a password must be more than the name, digits and signs"
    if bare in _COMMON or _repeats(plain) or any(plain in run or plain in run[::-1] for run in _RUNS):
        return "that password is among the first that anybody would guess"
    return ""


def _repeats(text: str) -> bool:
    """Tell whether a text is one short piece over and over."""
    return any(
        text == (text[:size] * (len(text) // size + 1))[: len(text)] for size in range(1, _LONGEST_PIECE + 1)
    )
