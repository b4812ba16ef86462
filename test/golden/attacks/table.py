"""
README.md's tables, from references.json.
  python3 test/golden/attacks/table.py
"""
import json
import pathlib

HERE = pathlib.Path(__file__).parent
MARK = "<!-- tables -->"
data = json.loads((HERE / "references.json").read_text())
runs = data["runs"]
of = lambda keep: [r for r in runs if keep(r)]  # noqa: E731


def rows(heads, records, cells):
    return ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *("| " + " | ".join(str(c) for c in cells(r)) + " |" for r in records), ""]


percent = lambda v: f"{100 * v:.1f} %"  # noqa: E731
norm = lambda r: r["norm"] or "–"  # noqa: E731
cost = lambda r: (r.get("backwards", ""), r.get("forwards", ""), r.get("seconds", ""))  # noqa: E731
out = [MARK, "", ", ".join(f"{p} {v}" for p, v in data["versions"].items()), ""]
out += ["## Success in a ball", ""]
out += rows(
    ["model", "attack", "norm", "ε", "library", "n", "success", "gradients", "forwards", "seconds"],
    of(lambda r: "median" not in r),
    lambda r: (r["model"], r["attack"], norm(r), r.get("epsilon", "–"), r["library"], r["n"], percent(r["success"]), *cost(r)),
)
out += ["## Least distance", ""]
out += rows(
    ["model", "attack", "norm", "library", "n", "success", "median", "gradients", "forwards", "seconds"],
    of(lambda r: "median" in r),
    lambda r: (r["model"], r["attack"], norm(r), r["library"], r["n"], percent(r["success"]), f"{r['median']:.4g}" if r["median"] is not None else "∞", *cost(r)),
)
file = HERE / "README.md"
file.write_text(file.read_text().split(MARK)[0] + "\n".join(out))
