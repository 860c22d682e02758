"""A test file of pytest functions as a Bazel test."""

def py_test(name, srcs, deps = []):
    """Runs one file with pytest.

    Args:
      name: of the target.
      srcs: list of the one test file.
      deps: what the file imports.
    """
    native.py_test(
        name = name,
        srcs = srcs + ["//tools:run_pytest.py"],
        main = "//tools:run_pytest.py",
        args = ["$(location %s)" % srcs[0]],
        data = ["//tests:golden"],
        deps = deps,
    )
