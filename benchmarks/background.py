"""Count which words news on anything is full of, for newsletter/stories/text/common_words.json.

    python benchmarks/background.py DATA_FOLDER

DATA_FOLDER holds summaries/*.jsonl. Kept are the commonest words only, in classes of how many documents hold
them: no text can be read out of the table.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from newsletter.stories.grouping.marks import fold
from newsletter.stories.sentences import words

SETS = ("cnndm_dev", "xsum_dev", "headlines_dev")
KEPT_WORDS = 3000
#: Shares of documents; a word stands in the class of the next lower one.
SHARES = (0.5, 0.3, 0.2, 0.14, 0.1, 0.07, 0.05, 0.035, 0.025, 0.018, 0.013, 0.01)
TARGET = Path(__file__).parent.parent / "newsletter" / "stories" / "text" / "common_words.json"


def main(folder: Path) -> None:
    seen: Counter[str] = Counter()
    count = 0
    for name in SETS:
        for line in (folder / "summaries" / f"{name}.jsonl").read_text("utf-8").splitlines():
            count += 1
            seen.update({fold(word) for word in words(json.loads(line)["document"])})
    kept = sorted(seen, key=lambda word: (-seen[word], word))[:KEPT_WORDS]
    classes: dict[str, list[str]] = {str(share): [] for share in SHARES}
    for word in kept:
        share = next((share for share in SHARES if seen[word] / count >= share), SHARES[-1])
        classes[str(share)].append(word)
    told = {
        "what": f"the {KEPT_WORDS} commonest words, by the share of {count} English reports that hold them",
        "sets": list(SETS),
        "shares": {share: " ".join(sorted(found)) for share, found in classes.items()},
    }
    TARGET.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"{count} reports, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
