"""A test file of pytest functions as a Bazel test."""

def py_test(name, srcs, deps = []):
    """Runs one file with pytest.

    Args:
      name: Name of the target.
      srcs: List of the test file.
      deps: Labels of the imported targets.
    """
    native.py_test(
        name = name,
        srcs = srcs + ["//tools:run_pytest.py"],
        main = "//tools:run_pytest.py",
        args = ["$(location %s)" % srcs[0]],
        data = ["//tests:golden"],
        deps = deps + ["//tests:conftest"],
    )
