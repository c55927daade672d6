"""What is really in files: the disk of jobs is sparse, and far larger than memory."""
import os


def pieces(path):
    """The file's written stretches, one after the other."""
    with open(path, "rb") as file:
        at, size = 0, os.fstat(file.fileno()).st_size
        while at < size:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA)
                end = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            except OSError:
                return
            yield os.pread(file.fileno(), end - at, at)
            at = end


def holds(path, text):
    return any(text in piece for piece in pieces(path))


def files_below(folder):
    """Path and size of every file that is there when it is looked at."""
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            try:
                if os.path.isfile(path):
                    yield path, os.stat(path).st_size
            except FileNotFoundError:
                continue


def with_text(folder, text):
    """The files below `folder` that hold it."""
    found = []
    for path, _ in files_below(folder):
        try:
            if holds(path, text):
                found.append(path)
        except FileNotFoundError:
            continue
    return found
