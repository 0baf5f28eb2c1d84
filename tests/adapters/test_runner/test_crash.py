"""A small part of the session `crash`: workers die by SIGKILL at every point, and no letter goes out twice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CRASH = Path(__file__).resolve().parents[3] / "crash" / "run.py"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked and killed by SIGKILL")


def crashed(*words, **servers):
    command, env = [sys.executable, CRASH, *words], {**os.environ, **servers}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)  # noqa: S603 - our own file
    assert not done.stderr
    return done


def held(done):
    assert done.returncode == 0, done.stdout
    assert "not reached" not in done.stdout
    assert "two workers killed at random" in done.stdout


def test_no_letter_goes_out_twice_on_sqlite():
    held(crashed("slice", "sqlite"))


def test_no_letter_goes_out_twice_on_postgres(postgres_url):
    held(crashed("slice", "postgres", DUNNING_TEST_POSTGRES=postgres_url))


def test_no_letter_goes_out_twice_on_mariadb(mariadb_url):
    held(crashed("slice", "mariadb", DUNNING_TEST_MARIADB=mariadb_url))


def test_workers_that_are_wrong_are_found_out():
    done = crashed("slice", "gallery")
    assert done.returncode == 0, done.stdout
