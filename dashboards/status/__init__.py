"""The members' status page: what is known, composed for one audience, rendered to bytes.

Pure core: model, words, french_time, compose, render_html, statuspage_v2, atom, site.
Rim: settings (files), source (HTTP in), poller, app (HTTP out).
"""
