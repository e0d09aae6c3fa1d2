"""Who follows a guide word by word, in an empty folder, has a server that works; doing it again changes nothing, and what was
broken off after any step is completed."""

import os
import subprocess
import sys

import pytest

import helm

GUIDES = ("docs/deployment.md", "chart/README.md")


@pytest.mark.parametrize("guide", GUIDES)
def test_the_guide_leads_to_a_server(tmp_path, guide):
    # A network of its own, in which the names of the guide can lead to stand-ins.
    apart = ["unshare", "--mount", "--net", *([] if os.getuid() == 0 else ["--map-root-user"])]
    command = [*apart, sys.executable, helm.ROOT / "tests/chart/newcomer.py", helm.ROOT / guide, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.endswith("broken off after each step\n"), done.stdout + done.stderr
