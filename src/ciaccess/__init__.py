"""ciaccess: the access that CI has to artifacts, as code. README.md lists the packages."""
