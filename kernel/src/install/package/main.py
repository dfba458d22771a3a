"""Starts the program `recoil` that was installed together with this module."""

import os
import sys
import sysconfig


def program():
    schemes = ["", "posix_user"]
    folders = [sysconfig.get_path("scripts", scheme) if scheme else sysconfig.get_path("scripts") for scheme in schemes]
    for folder in folders:
        path = os.path.join(folder, "recoil")
        if os.path.isfile(path):
            return path
    sys.exit("recoil: the program is not in " + " or ".join(folders) + ": install the wheel again")


if __name__ == "__main__":
    path = program()
    os.execv(path, [path] + sys.argv[1:])
