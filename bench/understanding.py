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
from aftercare.intake.rules import similarity
from aftercare.knowledge.rules import Entry, Index
from aftercare.policies.rules import load_pack
from aftercare.triage.rules import Example, Guess, Pair, Reader, agreement, train, train_pairs

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
        "plain_p50_ms": round(_plain_reads(examples, asked), 3),
        "load_s": round(loading, 3), "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip
    print("speed       ", report["speed"], flush=True)


def _plain_reads(examples: list[Example], asked: list[str]) -> float:
    """Give the ms that the plain model (characters 1–3, TF-IDF, a linear SVM) takes to say one field of a text: the median."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    known = [one for one in examples if one.labels.get("category")]
    model = make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True), LinearSVC()
    )
    model.fit([one.text for one in known], [one.labels["category"] for one in known])
    spent = []
    for text in asked[:500]:
        began = time.perf_counter()
        model.predict([text])
        spent.append(time.perf_counter() - began)
    return float(np.percentile(spent, 50)) * 1000


def answers(report: dict) -> None:
    """Questions of bank customers: the standard question is looked for, by its own words and by those of earlier customers.

    `strict` leaves out the questions that are word for word the standard one. With past wordings, the question itself is
    hidden from the index. Baseline: BM25 over the words of a segmenter, on the same index.
    """
    import rjieba

    table = rows("zh_faq_unionpay/faq.csv.gz")
    standard = sorted({row["standard_question"] for row in table})
    number = {text: key for key, text in enumerate(standard)}
    text_of = {row["standard_question"]: row["answer"] for row in table}
    asked, truth = [row["question"] for row in table], [number[row["standard_question"]] for row in table]
    strict = [question != standard[key] for question, key in zip(asked, truth, strict=True)]
    same = load_pack("appliance")[1].knowledge.said_as()
    by_key: dict[int, list[int]] = {}
    for place, key in enumerate(truth):
        by_key.setdefault(key, []).append(place)
    bare = Index([Entry(key, (text,), text_of[text]) for key, text in enumerate(standard)], same)
    full = Index(
        [
            Entry(key, (text, *(asked[place] for place in by_key[key])), text_of[text])
            for key, text in enumerate(standard)
        ],
        same,
    )
    row_of = {
        place: int(full._first[full.place[key]]) + 1 + at
        for key, places in by_key.items()
        for at, place in enumerate(places)
    }
    score = full._asked.score

    def without(place: int) -> list[int]:
        def hidden(wanted, count):
            found = score(wanted, count)
            found[row_of[place]] = 0
            return found

        full._asked.score = hidden
        return [match.key for match in full.find(asked[place], limit=10)]

    words = [list(rjieba.cut(text)) for text in standard]
    lengths = [len(one) for one in words]
    mean = sum(lengths) / len(lengths)
    held = Counter(word for one in words for word in set(one))
    posted: dict[str, list[tuple[int, float]]] = {}
    for key, one in enumerate(words):
        for word, times in Counter(one).items():
            idf = np.log(1 + (len(words) - held[word] + 0.5) / (held[word] + 0.5))
            posted.setdefault(word, []).append(
                (key, idf * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * lengths[key] / mean)))
            )

    def usual(place: int) -> list[int]:
        found: Counter[int] = Counter()
        for word in set(rjieba.cut(asked[place])):
            for key, weight in posted.get(word, ()):
                found[key] += weight
        return [key for key, _weight in found.most_common(10)]

    found = {
        "bare": [[match.key for match in bare.find(one, limit=10)] for one in asked],
        "past": [without(place) for place in range(len(asked))],
        "baseline": [usual(place) for place in range(len(asked))],
    }
    report["answers"] = {}
    for name, ranked in found.items():
        ranks = [one.index(key) + 1 if key in one else 0 for one, key in zip(ranked, truth, strict=True)]
        for part, chosen in (
            ("", ranks),
            ("_strict", [rank for rank, hard in zip(ranks, strict, strict=True) if hard]),
        ):
            report["answers"][f"{name}{part}"] = {
                "r1": round(sum(rank == 1 for rank in chosen) / len(chosen), 4),
                "mrr10": round(sum(1 / rank for rank in chosen if rank) / len(chosen), 4), "n": len(chosen),
            }  # fmt: skip
    for name, one in report["answers"].items():
        print(f"answers {name:<16} R@1 {one['r1']:.4f}  MRR@10 {one['mrr10']:.4f}  of {one['n']}", flush=True)


def searching(report: dict) -> None:
    """Thirty thousand entries with two wordings each and an answer of 80 characters: making the index ready, and finding in it."""
    pairs = rows("zh_atec_pairs/pairs.csv.gz")
    texts = list(dict.fromkeys([pair["s1"] for pair in pairs] + [pair["s2"] for pair in pairs]))
    bodies = list(dict.fromkeys(row["answer"] for row in rows("zh_faq_unionpay/faq.csv.gz")))
    entries = [Entry(n, tuple(texts[2 * n : 2 * n + 2]), bodies[n % len(bodies)]) for n in range(30_000)]
    same = load_pack("appliance")[1].knowledge.said_as()
    Index(entries[:10], same)  # the tables of sounds are made once a process
    began = time.perf_counter()
    index = Index(entries, same)
    loading = time.perf_counter() - began
    spent = []
    for text in texts[60_000:62_000]:
        began = time.perf_counter()
        index.find(text)
        spent.append(time.perf_counter() - began)
    report["search"] = {
        "p50_ms": round(float(np.percentile(spent, 50)) * 1000, 2), "p95_ms": round(float(np.percentile(spent, 95)) * 1000, 2),
        "ready_s": round(loading, 2), "index_mb": round(index.size / 1e6, 1), "entries": len(entries),
    }  # fmt: skip
    print("search      ", report["search"], flush=True)


def of_pairs(report: dict, *, quick: bool) -> None:
    """Tell pairs of one meaning from others: one fold of five held out (seed 20261123), learned from so many of the rest.

    Beside it, without learning: the cosine of TF-IDF over characters (the usual baseline), and the share of pairs of characters in common.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    table = rows("zh_atec_pairs/pairs.csv.gz")
    pairs = [Pair(row["s1"], row["s2"], row["same"] == "1") for row in table]
    truth = np.array([pair.same for pair in pairs])
    seen, unseen = next(StratifiedKFold(5, shuffle=True, random_state=20261123).split(truth, truth))
    luck = np.random.RandomState(20261123)
    held_out = [pairs[i] for i in unseen]
    right = truth[unseen]
    made = TfidfVectorizer(analyzer="char").fit([text for i in seen for text in pairs[i][:2]])
    ours, theirs = (made.transform([pair[side] for pair in held_out]) for side in (0, 1))
    found = {
        "pairs": len(held_out),
        "cosine_auc": round(roc_auc_score(right, np.asarray(ours.multiply(theirs).sum(axis=1)).ravel()), 3),
        "dice_auc": round(roc_auc_score(right, [similarity(*pair[:2]) for pair in held_out]), 3),
    }
    for size in (300, 3000) if quick else (300, 3000, len(seen)):
        began = time.perf_counter()
        model = train_pairs([pairs[i] for i in luck.permutation(seen)[:size]]).model
        spent = time.perf_counter() - began
        began = time.perf_counter()
        guesses = [model.guess(pair.one, pair.other) for pair in held_out]
        found[f"from_{size}"] = {
            "auc": round(roc_auc_score(right, [dict(guess.top)["same"] for guess in guesses]), 3),
            "calibration_error": round(agreement(guesses, ["same" if one else "different" for one in right], sure=0.6)["calibration_error"], 3),
            "train_s": round(spent, 1), "compare_ms": round((time.perf_counter() - began) / len(held_out) * 1000, 2),
        }  # fmt: skip
        found["auc"] = found[f"from_{size}"]["auc"]
    report["pairs"] = found
    print("pairs       ", found, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="one fold, the small sets only")
    parser.add_argument(
        "--only", choices=["answers", "pairs"], help="only how answers are found, or pairs of one meaning"
    )
    parser.add_argument("--json", help="write everything to this file")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    report: dict = {}
    parts: list[Callable[[], None]] = [lambda: of_messages(report), lambda: speed(report)]
    if DATA.is_dir():
        parts += [
            lambda: answers(report),
            lambda: searching(report),
            lambda: of_pairs(report, quick=options.quick),
        ]
        parts.append(lambda: of_public_data(report, quick=options.quick))
    else:
        print(f"no public data at {DATA} (AFTERCARE_DATA): only the messages of this project are read")
    if options.only == "pairs":
        of_pairs(report, quick=options.quick)
        print(f"RESULT pairs_auc={report['pairs']['auc']} cosine_auc={report['pairs']['cosine_auc']}")
        return 0
    if options.only:
        answers(report)
        searching(report)
        return 0
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
    if "answers" in report:
        line |= {
            "faq_r1": report["answers"]["bare"]["r1"],
            "faq_r1_past": report["answers"]["past"]["r1"],
            "faq_mrr": report["answers"]["past"]["mrr10"],
        }
    if "pairs" in report:
        line["pairs_auc"] = report["pairs"]["auc"]
    line |= {
        "safety_recall": round(recall, 4),
        "read_p50_ms": report["speed"]["read_p50_ms"],
        "read_p99_ms": report["speed"]["read_p99_ms"],
    }
    if "search" in report:
        line["search_p95_ms"] = report["search"]["p95_ms"]
    print("RESULT " + " ".join(f"{key}={value}" for key, value in line.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
