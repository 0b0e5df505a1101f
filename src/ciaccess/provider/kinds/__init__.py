"""One kind of resource a file. A plugin that is only asked for its configuration loads none of them (`table`)."""
