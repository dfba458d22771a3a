"""One reading of an event file by a peer: `events.py PEER FORMAT FILE PASSES`, an answer in JSON."""

import json
import sys
import time

peer, encoding, file, passes = sys.argv[1:5]


def faery():
    import faery

    return sum(len(packet) for packet in faery.events_stream_from_file(file))


def expelliarmus():
    from expelliarmus import Wizard

    wizard = Wizard(encoding=encoding)
    wizard.set_file(file)
    return len(wizard.read())


def expelliarmus_chunks():
    from expelliarmus import Wizard

    wizard = Wizard(encoding=encoding, chunk_size=262144)
    wizard.set_file(file)
    return sum(len(chunk) for chunk in wizard.read_chunk())


def evutils():
    from evutils.io import EventReader

    return sum(len(chunk) for chunk in EventReader(file, n_events=262144, max_events=10**12))


def evutils_windows():
    from evutils.io import EventReader

    return sum(len(chunk) for chunk in EventReader(file, delta_t=20000, reuse_buffers=True))


def evlib():
    import evlib

    return evlib.load_events(file).collect().height


read = globals()[peer.replace("-", "_")]
seconds = []
for _ in range(int(passes)):
    start = time.perf_counter()
    events = read()
    seconds.append(time.perf_counter() - start)
seconds.sort()
print(json.dumps({"median": seconds[len(seconds) // 2], "best": seconds[0], "events": events}))
