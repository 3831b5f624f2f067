"""The demo: the reader's own Python environment as a graph, written, read back, asked, and followed live.

A face: it uses the public verbs and the command line as anybody would. No shortcut past them may enter.
"""

from deeplinks.demo.show import Typed, show

__all__ = ["Typed", "show"]
