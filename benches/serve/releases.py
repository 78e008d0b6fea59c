"""Invented releases as JSON lines, so many, three a day back from yesterday: `releases.py COUNT`.

They are as long as real ones. Their words are as often or as seldom as those of a language, so that gzip makes of them about
what it makes of real texts.
"""

import datetime
import json
import random
import sys

dice = random.Random(8611)
syllables = [a + b for a in ["b", "ch", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v"] for b in "aeiou"]
words = ["".join(dice.choices(syllables, k=dice.randint(1, 4))) for _ in range(600)]
often = [1 / (rank + 1) for rank in range(len(words))]


def text(length):
    return " ".join(dice.choices(words, often, k=length)).capitalize() + "."


for n in range(int(sys.argv[1])):
    day = datetime.date.today() - datetime.timedelta(days=n // 3 + 1)
    paragraphs = [text(dice.randint(50, 90)) for _ in range(10)]
    print(json.dumps({"id": f"release-{n}", "title": text(9)[:-1], "date": f"{day}", "lead": paragraphs[0],
        "body": "\n\n".join(paragraphs)}))
