"""How text becomes vocabulary words; share/models/README.md specifies the same rules."""

# U+00C0..U+00FF folded to ASCII. The two empty entries are × and ÷, which separate words.
LATIN1_FOLD = (
    "a a a a a a ae c e e e e i i i i d n o o o o o  o u u u u y th ss "
    "a a a a a a ae c e e e e i i i i d n o o o o o  o u u u u y th y").split(" ")
assert len(LATIN1_FOLD) == 64

# Tried in this order on a word that is not in the vocabulary.
SUFFIXES = (
    ("ies", "y"), ("s", ""), ("es", ""), ("ied", "y"), ("ed", "e"), ("ed", ""),
    ("ing", "e"), ("ing", ""), ("ily", "y"), ("ly", ""), ("iness", "y"), ("ness", ""),
    ("er", "e"), ("er", ""), ("est", "e"), ("est", ""),
)
UNDOUBLED = ("ed", "ing", "er", "est")
SHORTEST_STEM = 3
SHORTEST_WORD = 2

# These say little about what a text is about. They are in the vocabulary with weight 0,
# lest "his" or "who" be taken for "hi" or the World Health Organization.
STOP_WORDS = frozenset("""
a about after all also am an and another any anyone anything are as at be became because been
before being both but by can cannot could did do does doing don done during each either else
etc ever every for from further get gets got had has have having he her here hers herself him
himself his how however if in instead into is it its itself just ll may me might mine more most
much must my myself neither no nor not of off often on only onto or other others our ours
ourselves out over own per re rather same shall she should so some something such than that the
their theirs them themselves then there these they this those though through thus to too under
until up upon us ve very via was we were what when where whether which while who whom whose why
will with within without would yet you your yours yourself
one two especially usually etc used consisting
""".split())


def split(text):
    """Lower-case words: maximal runs of ASCII letters and digits, after folding."""
    folded = []
    for char in text:
        code = ord(char)
        if char.isascii():
            folded.append(char.lower() if char.isalnum() else " ")
        elif 0xC0 <= code <= 0xFF:
            folded.append(LATIN1_FOLD[code - 0xC0] or " ")
        else:
            folded.append(" ")
    return [word for word in "".join(folded).split() if len(word) >= SHORTEST_WORD]


def stems(word):
    """Candidate base forms of an inflected word, best first."""
    for suffix, replacement in SUFFIXES:
        if not word.endswith(suffix) or (suffix == "s" and word.endswith("ss")):
            continue
        stem = word[:-len(suffix)] + replacement
        if len(stem) >= SHORTEST_STEM:
            yield stem
        undoubled = stem[:-1]
        if suffix in UNDOUBLED and not replacement and len(undoubled) >= SHORTEST_STEM \
                and stem[-1] == stem[-2]:
            yield undoubled


def look_up(word, vocabulary):
    """The vocabulary's form of a word, or None."""
    if word in vocabulary:
        return word
    return next((stem for stem in stems(word) if stem in vocabulary), None)
