"""What a run of the suite came to, as the table that docs/s3-tests.md is."""

import re
from collections import Counter, defaultdict

import areas
from reasons import REASONS


def by_area(ended):
    table = defaultdict(Counter)
    for result in ended.values():
        table[result["area"]][result["outcome"]] += 1
    order = list(dict.fromkeys(title for title, *_ in areas.AREAS))
    return [(title, table[title]) for title in order if title in table]


def share(counts):
    counted = counts["passed"] + counts["failed"]
    return f"{100 * counts['passed'] / counted:.1f} %" if counted else "-"


def total(rows, core):
    sums = Counter()
    for title, counts in rows:
        if not core or title not in areas.NOT_CORE:
            sums.update(counts)
    return sums


def line(title, counts):
    return (f"| {title} | {counts['passed']} | {counts['failed']} | {counts['skipped']} | "
            f"{share(counts)} |")


def table(ended):
    rows = by_area(ended)
    lines = ["| area | passed | failed | skipped | passed of counted |", "| --- | ---: | ---: | ---: | ---: |"]
    lines += [line(title, counts) for title, counts in rows]
    lines.append(line("**S3 (all but IAM and STS)**", total(rows, core=True)))
    lines.append(line("**all**", total(rows, core=False)))
    return lines


def summary(ended):
    failed = sorted(f"  {name.split('::')[-1]}: {short(result['reason'])}"
                    for name, result in ended.items() if result["outcome"] == "failed")
    return "\n".join([*failed, *table(ended)])


def short(reason):
    text = " ".join(reason.split())
    text = re.sub(r"^(\w+\.)*(\w+(Error|Exception|Failed)): ", r"\2: ", text)
    return text if len(text) <= 200 else text[:197] + "..."


def markdown(ended, left_out, revision):
    lines = ["# The ceph/s3-tests suite", "",
             "What passes of the public [ceph/s3-tests](https://github.com/ceph/s3-tests) suite "
             f"(revision `{revision[:12]}`), as", "`tests/s3_tests/run.sh --document docs/s3-tests.md` "
             "found and wrote it. Do not edit this page by hand.", "",
             "Counted is every test of S3, IAM and STS except those of the list below. A skipped "
             "test skipped itself.", "", *table(ended), "", "## Failing tests", ""]
    failed = {name: result for name, result in ended.items() if result["outcome"] == "failed"}
    if not failed:
        lines.append("None.")
    else:
        lines += ["| test | area | why |", "| --- | --- | --- |"]
    for name, result in sorted(failed.items(), key=lambda pair: (pair[1]["area"], pair[0])):
        test = name.split("::")[-1]
        why = REASONS.get(test, short(result["reason"])).replace("|", "\\|")
        lines.append(f"| {test} | {result['area']} | {why} |")
    skipped = Counter(short(result["reason"]).removeprefix("Skipped: ")
                      for result in ended.values() if result["outcome"] == "skipped")
    lines += ["", "## Skipped tests", ""]
    lines += ["| tests | reason |", "| ---: | --- |"] if skipped else ["None."]
    lines += [f"| {count} | {reason} |" for reason, count in skipped.most_common()]
    lines += ["", "## Not counted", "", "| tests | reason |", "| ---: | --- |"]
    reasons = Counter(reason for _, reason in left_out)
    lines += [f"| {count} | {reason} |" for reason, count in reasons.most_common()]
    return "\n".join(lines) + "\n"
