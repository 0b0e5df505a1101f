"""The protocol without the SDK: the same messages, and the SDK's own constants."""

from __future__ import annotations

import subprocess
import sys

from pulumi.runtime import proto as of_the_sdk
from pulumi.runtime import rpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS

from ciaccess.provider.protocol import CHANNEL_OPTIONS, SECRET, SIGNATURE, UNKNOWN, proto
from tests.support.project.project import ROOT


def test_the_constants_are_those_of_the_sdk() -> None:
    assert UNKNOWN == rpc.UNKNOWN
    assert (rpc._special_sig_key, rpc._special_secret_sig) == (SIGNATURE, SECRET)
    assert CHANNEL_OPTIONS == _GRPC_CHANNEL_OPTIONS
    assert proto is of_the_sdk


def test_the_plugin_does_not_load_the_sdk_which_can_be_loaded_after_it() -> None:
    code = (
        "import sys, ciaccess.provider.__main__; before = set(sys.modules); import pulumi; "
        "print('pulumi' in before, 'pulumi.runtime.proto' in before, bool(pulumi.Output))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert printed.split() == ["False", "True", "True"]
