"""`python -m plans` writes the env files; `python -m plans check P1v3` says whether this machine can be a P1v3."""

import sys

import plans


def main(argv: list[str]) -> int:
    """Return the exit status."""
    if argv[:1] == ["check"] and len(argv) == 2:
        problem = plans.problem(argv[1])
        if problem:
            print(problem, file=sys.stderr)
        return 1 if problem else 0
    if argv:
        print(f"arguments={' '.join(argv)}: expected nothing, or check PLAN", file=sys.stderr)
        return 2
    for plan in plans.load().values():
        (plans.FOLDER / f"{plan.name}.env").write_text(plan.env(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
