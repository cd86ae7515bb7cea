"""What can go wrong with what a household asks for.

```
IntentsError
├── Malformed      it is none of the set, or says something senseless
└── AskedAlready   this id was asked before: one press is one intent
```
"""

from __future__ import annotations


class IntentsError(Exception):
    """Anything that this room raises."""


class Malformed(IntentsError):
    """No intent of the closed set; the message says why, as a sentence."""


class AskedAlready(IntentsError):
    """The same form was sent twice."""
