"""Changes of the household's configuration that people make on the pages.

The pages put a request into a folder that only they write; a process of the configuration's owner holds it
against the very checks of loading, writes the family's file, and records what came of it where the pages
cannot write.

- `node.changes.request`: what is asked, and how it is written: nothing in it is trusted
- `node.changes.queue`: the folder of requests: the pages write
- `node.changes.places`: where both sides' files are
- `node.changes.keys`: what a family may change there, and which processes have to start anew for it
- `node.changes.editing`: other values in a YAML text, in which everything else stays as it is
- `node.changes.judging`: whether a request can be done, and what the file then says
- `node.changes.record`: `settings.db`: what came of each; `commonwatt config apply` writes
- `node.changes.applying`: one request after the other, each at most once
- `node.changes.form`: the keys with values, units and meanings, for the pages
- `node.changes.told`: what of all that the pages are told, and read without carrying it
"""
