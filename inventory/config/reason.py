"""Why the system refused a file, in French: the operator's locale does not decide what we print."""

from __future__ import annotations

import errno

_REASONS = {
    errno.ENOENT: "introuvable",
    errno.EACCES: "droits insuffisants",
    errno.EPERM: "opération interdite",
    errno.EISDIR: "c'est un dossier",
    errno.ENOTDIR: "un élément du chemin n'est pas un dossier",
    errno.EEXIST: "existe déjà",
    errno.EROFS: "système de fichiers en lecture seule",
    errno.ENOSPC: "plus de place sur le disque",
    errno.EDQUOT: "quota atteint",
    errno.ELOOP: "liens symboliques en boucle",
    errno.ENAMETOOLONG: "nom trop long",
    errno.EMFILE: "trop de fichiers ouverts",
    errno.EIO: "erreur de lecture du disque",
    errno.ECONNREFUSED: "connexion refusée",
}


def reason(error: OSError) -> str:
    """A few words for `error`; the system's own when we have none."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)
