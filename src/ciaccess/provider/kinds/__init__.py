"""One kind of resource a file.

A plugin that is only asked about its configuration loads none of them, nor `table`.
"""
