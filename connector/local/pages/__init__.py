"""The physician's and the IT staff's pages: server-rendered, without inline script or style, French first.

A page calls the same ports as the API and holds no rule of its own. One module per subject; `rendering` is what all of
them share, `texts` has every sentence in both languages.
"""
