"""The interface over which machines reach each other: with made-up ones, and between two network namespaces."""

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack

import pytest

from sslrecipes.distributed import interface
from sslrecipes.distributed.interface import gloo_interface
from sslrecipes.errors import ConfigError

TWO_NODES = {'WORLD_SIZE': '16', 'LOCAL_WORLD_SIZE': '8', 'MASTER_ADDR': 'node0'}


@pytest.fixture
def machine(monkeypatch):
    """Function that gives the machine interfaces, and an own address on the way to each host."""

    def have(interfaces, ways):
        monkeypatch.setattr(interface, 'interfaces', lambda: {'lo': '127.0.0.1', **interfaces})
        monkeypatch.setattr(interface, 'own_address_towards', ways.get)

    return have


@pytest.mark.parametrize(
    'environment',
    [
        {'WORLD_SIZE': '8', 'LOCAL_WORLD_SIZE': '8', 'MASTER_ADDR': '127.0.0.1'},
        {'WORLD_SIZE': '2', 'MASTER_ADDR': '127.0.0.1'},
        {**TWO_NODES, 'GLOO_SOCKET_IFNAME': 'ib0'},
    ],
)
def test_one_machine_or_a_choice_is_left_as_it_is(environment):
    assert gloo_interface(environment) is None


def test_it_is_the_one_that_leads_to_the_first_machine(machine):
    machine({'eth0': '10.0.0.2', 'ib0': '10.1.0.2'}, {'node0': '10.1.0.2', '192.0.2.1': '10.0.0.2'})
    assert gloo_interface(TWO_NODES) == 'ib0'


def test_a_first_machine_that_calls_itself_loopback_takes_the_way_out(machine):
    machine({'eth0': '10.0.0.1', 'ib0': '10.1.0.1'}, {'node0': '127.0.1.1', '192.0.2.1': '10.1.0.1'})
    assert gloo_interface(TWO_NODES) == 'ib0'


@pytest.mark.parametrize('node0', ['127.0.1.1', None])
def test_without_a_way_out_it_is_the_only_one(machine, node0):
    machine({'eth0': '10.0.0.1'}, {'node0': node0})
    assert gloo_interface(TWO_NODES) == 'eth0'


@pytest.mark.parametrize(('interfaces', 'named'), [({'eth0': '1.2.3.4', 'ib0': '1.2.3.5'}, 'eth0, ib0'), ({}, 'none')])
def test_otherwise_somebody_must_choose(machine, interfaces, named):
    machine(interfaces, {'node0': '127.0.1.1'})
    with pytest.raises(ConfigError, match=f'leads to the first machine, node0: name one of {named}.* in GLOO_SOCKET'):
        gloo_interface(TWO_NODES)


def test_interfaces_and_addresses_are_those_of_the_machine():
    assert '127.0.0.1' in interface.interfaces().values()
    assert interface.own_address_towards('127.0.0.1') == '127.0.0.1'
    assert interface.own_address_towards('no.such.host.invalid') is None


NODE = """
import os
from sslrecipes.distributed.control import from_every_process
from sslrecipes.distributed.joining import join_process_group
join_process_group('pytorch', timeout=60)
print(from_every_process(os.environ['GLOO_SOCKET_IFNAME']))
"""


@pytest.fixture
def two_machines():
    """Names of two network namespaces that a cable connects: 10.77.0.1 and 10.77.0.2."""
    if not shutil.which('ip') or os.geteuid():
        pytest.skip('network namespaces need root and iproute2')
    names = [f'sslrecipes-{os.getpid()}-{end}' for end in 'ab']

    def ip(*words):
        subprocess.run(['ip', *words], check=True, capture_output=True, timeout=60)

    with ExitStack() as stack:
        for name in names:
            try:
                ip('netns', 'add', name)
            except subprocess.CalledProcessError as error:
                pytest.skip(f'no network namespace can be made here: {error.stderr}')
            stack.callback(ip, 'netns', 'delete', name)
        ip('link', 'add', 'cable', 'netns', names[0], 'type', 'veth', 'peer', 'name', 'cable', 'netns', names[1])
        for number, name in enumerate(names, 1):
            ip('-n', name, 'address', 'add', f'10.77.0.{number}/24', 'dev', 'cable')
            for device in ('lo', 'cable'):
                ip('-n', name, 'link', 'set', device, 'up')
        yield names


def test_two_machines_meet_whatever_they_call_themselves(two_machines):
    """The name of the host leads to no address of either machine, as on Debian, where it is 127.0.1.1."""
    common = dict(WORLD_SIZE='2', LOCAL_WORLD_SIZE='1', LOCAL_RANK='0', MASTER_ADDR='10.77.0.1', MASTER_PORT='29500')
    environment = {name: value for name, value in os.environ.items() if name != 'GLOO_SOCKET_IFNAME'} | common
    nodes = [
        subprocess.Popen(
            ['ip', 'netns', 'exec', name, sys.executable, '-c', NODE],
            env={**environment, 'RANK': str(rank)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank, name in enumerate(two_machines)
    ]  # fmt: skip
    for node in nodes:
        out, err = node.communicate(timeout=120)
        assert out == "['cable', 'cable']\n", err
