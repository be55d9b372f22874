"""How well texts are read, on public data and on the messages written for this project, beside a plain linear model.

    bench/understanding [--quick] [--json FILE]          # AFTERCARE_DATA: the folder of public data

Every figure of ours comes from `aftercare.triage`: the features, the training and the calibration that the product uses.
Nothing is tuned on what is reported: what there is to choose (the cost of the support vectors) is chosen inside the training
part of each fold. The baseline is the usual one: characters 1 to 3, TF-IDF, a linear support vector machine.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import resource
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from aftercare.policies.rules import load_pack
from aftercare.triage.rules import Example, Guess, Reader, agreement, train

MESSAGES = Path(__file__).resolve().parent.parent / "tests" / "messages"
DATA = Path(
    os.environ.get("AFTERCARE_DATA", Path(__file__).resolve().parent.parent.parent / "shared" / "data")
)
JULY = date(2026, 7, 10)
ONE = {"k": "kind", "c": "category", "e": "emotion", "p": "complaint", "r": "reason"}
MANY = {"s": "symptom", "d": "danger", "t": "threat", "g": "sign"}


def rows(name: str) -> list[dict[str, str]]:
    with gzip.open(DATA / name, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def f1(truth: list[str], said: list[str], *, of: str = "") -> float:
    """Give the F1 of one class, or the mean over all classes of the truth."""
    scores = []
    for label in [of] if of else sorted(set(truth) | set(said)):
        both = sum(t == s == label for t, s in zip(truth, said, strict=True))
        found, there = said.count(label), truth.count(label)
        scores.append(2 * both / (found + there) if found + there else 0.0)
    return sum(scores) / len(scores)


def at_coverage(guesses: list[Guess], truth: list[str], share: float) -> float:
    order = sorted(range(len(truth)), key=lambda i: -guesses[i].confidence)[: int(share * len(truth))]
    return sum(guesses[i].value == truth[i] for i in order) / len(order)


def plain(texts: list[str], labels: list[str], asked: list[str]) -> list[str]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    made = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
    return list(LinearSVC().fit(made.fit_transform(texts), labels).predict(made.transform(asked)))


def measured(
    name: str, texts: list[str], labels: list[str], *, folds: int, only: int, report: dict
) -> tuple[list[Guess], list[str]]:
    """Train and read fold by fold; give the guesses and the truth of all that was held out."""
    from sklearn.model_selection import StratifiedKFold

    guesses: list[Guess] = []
    truth: list[str] = []
    base: list[str] = []
    spent = 0.0
    split = StratifiedKFold(folds, shuffle=True, random_state=20261123)
    for place, (seen, unseen) in enumerate(split.split(texts, labels)):
        if place >= only:
            break
        began = time.perf_counter()
        model = train([Example(texts[i], {"it": labels[i]}) for i in seen], ("it",)).model
        spent += time.perf_counter() - began
        guesses += [model.read(texts[i])["it"] for i in unseen]
        truth += [labels[i] for i in unseen]
        base += plain([texts[i] for i in seen], [labels[i] for i in seen], [texts[i] for i in unseen])
    done(name, guesses, truth, base, spent, report)
    return guesses, truth


def done(
    name: str, guesses: list[Guess], truth: list[str], base: list[str], spent: float, report: dict
) -> None:
    said = [guess.value for guess in guesses]
    found = agreement(guesses, truth, sure=0.6)
    report[name] = {
        **{key: round(value, 4) for key, value in found.items()}, "macro_f1": round(f1(truth, said), 4),
        "accuracy_at80": round(at_coverage(guesses, truth, 0.8), 4), "train_s": round(spent, 1),
        "plain_accuracy": round(sum(b == t for b, t in zip(base, truth, strict=True)) / len(truth), 4),
        "plain_macro_f1": round(f1(truth, base), 4), "plain_anger_f1": round(f1(truth, base, of="angry"), 4),
        "anger_f1": round(f1(truth, said, of="angry"), 4),
    }  # fmt: skip
    one = report[name]
    print(
        f"{name:<12} n={one['n']:<6} accuracy {one['accuracy']:.3f} (plain {one['plain_accuracy']:.3f})  macro-F1 {one['macro_f1']:.3f} "
        f"(plain {one['plain_macro_f1']:.3f})  top-3 {one['top3']:.3f}  at 80 % {one['accuracy_at80']:.3f}  calibration error "
        f"{one['calibration_error']:.3f}  sure {one['coverage']:.0%}, right then {one['accuracy_sure']:.3f}", flush=True,
    )  # fmt: skip


def of_public_data(report: dict, *, quick: bool) -> None:
    only = 1 if quick else 5
    jd = [row for row in rows("zh_jd_dispute/dispute_dev.csv.gz") if row["content"].strip()]
    measured(
        "jd", [r["content"] for r in jd], [r["outline_class1"] for r in jd], folds=5, only=only, report=report
    )
    ict = [r for r in rows("zh_ict_fault/fault.csv.gz") if r["故障组件"] not in ("", "0")]
    measured(
        "ict", [r["问题现象"] for r in ict], [r["故障组件"] for r in ict], folds=5, only=only, report=report
    )
    emotions(report)
    if quick:
        return
    shop = rows("zh_shopping_reviews/reviews.csv.gz")
    measured(
        "shop_pol", [r["review"] for r in shop], [r["label"] for r in shop], folds=5, only=2, report=report
    )
    measured(
        "shop_cat", [r["review"] for r in shop], [r["cat"] for r in shop], folds=5, only=2, report=report
    )
    gov = rows("zh_gov_complaint/complaint_seg_dev.csv.gz")
    measured(
        "gov",
        [r["tokens"].replace(" ", "") for r in gov],
        [r["label"] for r in gov],
        folds=5,
        only=2,
        report=report,
    )


def emotions(report: dict) -> None:
    """Six emotions: trained on one competition's texts, read on its evaluation part, without the texts that stand in both."""
    seen = rows("zh_emotion/virus_train.csv.gz")
    known = {row["content"].strip() for row in seen}
    asked = [
        row for row in rows("zh_emotion/virus_eval_labeled.csv.gz") if row["content"].strip() not in known
    ]
    began = time.perf_counter()
    model = train([Example(row["content"], {"it": row["label"]}) for row in seen], ("it",)).model
    spent = time.perf_counter() - began
    guesses = [model.read(row["content"])["it"] for row in asked]
    base = plain([r["content"] for r in seen], [r["label"] for r in seen], [r["content"] for r in asked])
    done("emotion", guesses, [row["label"] for row in asked], base, spent, report)


def of_messages(report: dict) -> None:
    """The messages of this project: the half that the dictionaries were mended on, and the half that nobody looked at."""
    for half, wanted in (("mended_on", 1), ("held_out", 0)):
        right: Counter[str] = Counter()
        asked: Counter[str] = Counter()
        unsure: Counter[str] = Counter()
        false: Counter[str] = Counter()
        for pack in ("appliance", "retail", "pet-shop"):
            reader = Reader(load_pack(pack)[1])
            for place, line in enumerate(
                (MESSAGES / f"{pack}.txt").read_text(encoding="utf-8").splitlines(), 1
            ):
                if place % 2 != wanted:
                    continue
                text, _tab, labels = line.partition("\t")
                label = dict(pair.split("=", 1) for pair in labels.split())
                reading = reader.read(text, today=JULY)
                for short, name in ONE.items():
                    value, meant = reading.value(name), label.get(short, "")
                    asked[name] += bool(meant)
                    right[name] += bool(meant) and value == meant
                    unsure[name] += bool(meant) and not value
                    false[name] += bool(value) and value != meant and name != "emotion"
                asked["urgency"] += 1
                right["urgency"] += reading.urgency.value == label["u"]
                asked["critical"] += label["u"] == "critical"
                right["critical"] += label["u"] == "critical" == reading.urgency.value
                for short, name in MANY.items():
                    meant_all, codes = (
                        set(filter(None, label.get(short, "").split(","))),
                        set(reading.codes(name)),
                    )
                    asked[name] += len(meant_all)
                    right[name] += len(meant_all & codes)
                    false[name] += len(codes - meant_all)
        found = {
            name: {
                "asked": asked[name],
                "right": round(right[name] / max(1, asked[name]), 4),
                "unsure": unsure[name],
                "false": false[name],
            }
            for name in asked
        }
        report[half] = found
        print(
            f"{half:<12} "
            + "  ".join(f"{name} {one['right']:.3f} of {one['asked']}" for name, one in found.items()),
            flush=True,
        )


def speed(report: dict) -> None:
    """A message of a hundred characters, read whole: dictionary, values, and a model of eight fields trained on the messages."""
    pack = load_pack("appliance")[1]
    lines = [
        line.partition("\t")
        for name in ("appliance", "retail")
        for line in (MESSAGES / f"{name}.txt").read_text("utf-8").splitlines()
    ]
    examples = []
    for text, _tab, labels in lines:
        label = dict(pair.split("=", 1) for pair in labels.split())
        examples.append(
            Example(text, {name: label[short] for short, name in ONE.items() if label.get(short)})
        )
    model = train(examples, tuple(ONE.values())).model
    began = time.perf_counter()
    reader = Reader(pack, model, number=1)
    reader.read("空调不制冷", today=JULY)
    loading = time.perf_counter() - began
    long = "".join(text for text, _tab, _labels in lines)
    asked = [long[start : start + 100] for start in range(0, len(long) - 100, 3)][:2000]
    spent = []
    for text in asked:
        began = time.perf_counter()
        reader.read(text, today=JULY)
        spent.append(time.perf_counter() - began)
    report["speed"] = {
        "read_p50_ms": round(float(np.percentile(spent, 50)) * 1000, 3), "read_p99_ms": round(float(np.percentile(spent, 99)) * 1000, 3),
        "load_s": round(loading, 3), "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip
    print("speed       ", report["speed"], flush=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="one fold, the small sets only")
    parser.add_argument("--json", help="write everything to this file")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    report: dict = {}
    parts: list[Callable[[], None]] = [lambda: of_messages(report), lambda: speed(report)]
    if DATA.is_dir():
        parts.append(lambda: of_public_data(report, quick=options.quick))
    else:
        print(f"no public data at {DATA} (AFTERCARE_DATA): only the messages of this project are read")
    for part in parts:
        part()
    if options.json:
        Path(options.json).write_text(json.dumps(report, ensure_ascii=False, indent=1))
    shown = {
        "jd_acc": ("jd", "accuracy"), "jd_f1": ("jd", "macro_f1"), "jd_top3": ("jd", "top3"), "jd_acc_at80": ("jd", "accuracy_at80"),
        "shop_cat": ("shop_cat", "accuracy"), "shop_pol": ("shop_pol", "accuracy"), "gov_acc": ("gov", "accuracy"),
        "ict_acc": ("ict", "accuracy"), "ict_top3": ("ict", "top3"), "anger_f1": ("emotion", "anger_f1"), "emotion_f1": ("emotion", "macro_f1"),
    }  # fmt: skip
    line = {key: report[name][measure] for key, (name, measure) in shown.items() if name in report}
    halves = [report["mended_on"]["critical"], report["held_out"]["critical"]]
    recall = sum(half["right"] * half["asked"] for half in halves) / sum(half["asked"] for half in halves)
    line |= {
        "safety_recall": round(recall, 4),
        "read_p50_ms": report["speed"]["read_p50_ms"],
        "read_p99_ms": report["speed"]["read_p99_ms"],
    }
    print("RESULT " + " ".join(f"{key}={value}" for key, value in line.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
