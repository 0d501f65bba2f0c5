"""Hostile files: whatever they ask for, nothing runs, and all that comes of it is a typed error."""

import io
import os
import resource
import struct
import tarfile
import zipfile

import pytest
import torch
from mmengine.logging import HistoryBuffer

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.errors import CheckpointError

CANARY = 'canary'  # relative: the readers run in a folder of their own


def name(module, attribute):
    return f'c{module}\n{attribute}\n'.encode()


def text(value):
    return b'X' + struct.pack('<I', len(value)) + value.encode()


def call(function, *arguments):
    return function + b'(' + b''.join(arguments) + b't' + b'R'


def build(instance, state):
    return instance + state + b'b'


def number(value):
    return b'\x8a\x09' + value.to_bytes(9, 'little', signed=True)


def dtype(code, state=None):
    plain = (b'(K\x03' + text('<') + b'NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t') if state is None else state
    return build(call(name('numpy', 'dtype'), text(code), b'\x89', b'\x88'), plain)


def latin1(data):
    return call(name('_codecs', 'encode'), text(data.decode('latin1')), text('latin1'))


def array(code, shape, data, dtype_state=None):
    empty = call(name('numpy.core.multiarray', '_reconstruct'), name('numpy', 'ndarray'), b'(K\0t', latin1(b'b'))
    dims = b'(' + b''.join(number(size) for size in shape) + b't'
    return build(empty, b'(K\x01' + dims + dtype(code, dtype_state) + b'\x89' + data + b't')


def history(extra):
    state = b'}(' + text('max_length') + b'K\x05' + text('_log_history') + array('f8', [1], latin1(bytes(8)))
    state += text('_count_history') + array('f8', [1], latin1(bytes(8))) + extra + b'u'
    return build(name('mmengine.logging.history_buffer', 'HistoryBuffer') + b')\x81', state)


def storage(kind='FloatStorage', size=4, key='0'):
    return b'(' + text('storage') + name('torch', kind) + text(key) + text('cpu') + number(size) + b'tQ'


def tensor(of_storage, offset, size, stride):
    empty = call(name('collections', 'OrderedDict'))
    dims = (b'(' + number(size) + b't', b'(' + number(stride) + b't')
    return call(name('torch._utils', '_rebuild_tensor_v2'), of_storage, number(offset), *dims, b'\x89', empty)


def nested_encoding(depth, codec):
    value = latin1(b'0' * 100)
    for _ in range(depth):
        value = call(name('_codecs', 'encode'), value, text(codec))
    return value


TOUCH = text(f'touch {CANARY}')
OPEN = text(f'open({CANARY!r}, "w")')
IMPORT_OS = call(name('builtins', '__import__'), text('os'))

#: Values of the entry "x" of a checkpoint.
HOSTILE = {
    'os.system': call(name('os', 'system'), TOUCH),
    'posix.system': call(name('posix', 'system'), TOUCH),
    'subprocess': call(name('subprocess', 'getoutput'), TOUCH),
    'eval': call(name('builtins', 'eval'), OPEN),
    'exec': call(name('builtins', 'exec'), OPEN),
    'python 2 eval': call(name('__builtin__', 'eval'), OPEN),
    'open': call(name('io', 'open'), text(CANARY), text('w')),
    'nested reduce': call(name('collections', 'OrderedDict'), b'(](' + call(name('os', 'system'), TOUCH) + b'et'),
    'reduce of a reduce': call(call(name('builtins', 'getattr'), IMPORT_OS, text('system')), TOUCH),
    'getattr of an allowed class': call(
        call(name('builtins', 'getattr'), name('mmengine.logging.history_buffer', 'HistoryBuffer'), text('statistics')),
        text('x'),
    ),
    'getattr chain': call(
        call(
            name('builtins', 'getattr'),
            call(name('builtins', 'getattr'), name('numpy', 'ndarray'), text('__class__')),
            text('__subclasses__'),
        )
    ),
    'dotted name': call(name('collections', 'OrderedDict.__init__.__globals__'), text('x')),
    '__setstate__ of a module': build(name('os', 'environ'), b'}' + text('PATH') + text('') + b's'),
    '__setstate__ of a class': build(name('mmengine.logging.history_buffer', 'HistoryBuffer'), b'}'),
    '__setstate__ of another class': build(
        name('functools', 'partial') + b')\x81', b'(' + name('os', 'system') + b')}Nt'
    ),
    'attributes of a namespace': build(
        name('argparse', 'Namespace') + b')\x81', b'N}' + text('__class__') + name('os', 'system') + b's\x86'
    ),
    'codecs.lookup': call(name('codecs', 'lookup'), text('rot13')),
    'codecs.open': call(name('codecs', 'open'), text(CANARY), text('w')),
    'codec bomb': nested_encoding(40, 'hex_codec'),
    'codec of another kind': nested_encoding(1, 'zlib_codec'),
    'torch.load': call(name('torch', 'load'), text('x')),
    'torch.serialization.load': call(name('torch.serialization', 'load'), text('x')),
    '_load_from_bytes': call(
        name('torch.storage', '_load_from_bytes'), latin1(b'\x80\x02' + call(name('os', 'system'), TOUCH) + b'.')
    ),
    'torch.hub.load': call(name('torch.hub', 'load'), text('x'), text('y')),
    'numpy.load': call(name('numpy', 'load'), text('x')),
    'numpy runstring': call(name('numpy.testing._private.utils', 'runstring'), OPEN, b'}'),
    'object array': array('O8', [1], b'](' + call(name('os', 'system'), TOUCH) + b'e'),
    'object array of plain values': array('O8', [1], b'](K\x01e'),
    'numbers as pointers': array(
        'V8', [1], latin1(b'A' * 8),
        b'(K\x03' + text('|') + b'N(' + text('a') + b't}' + text('a') + b'(' + dtype('O8') + b'K\0tsK\x08K\x01K\0t',
    ),
    'array larger than its data': array('f8', [1 << 60], latin1(bytes(8))),
    'text of a huge size': array('U999999999', [1], latin1(bytes(8))),
    'history with statistics': history(text('_statistics_methods') + b'}' + text('mean') + name('os', 'system') + b's'),
    'bytearray': call(name('builtins', 'bytearray'), number(1 << 62)),
    'bytearray that might fit': call(
        name('builtins', 'bytearray'), call(name('builtins', 'bytearray'), number(1 << 34))
    ),
    'text longer than the file': b'X\xff\xff\xff\xffabc',
    'number longer than the file': b'\x8a\xff\x01',
    'memo that is not there': b'j\xff\xff\xff\xff',
    'stack that is empty': b'RRR',
    'storage beyond its record': storage(size=1 << 40),
    'storage of negative size': storage(size=-4),
    'storage that is not there': storage(key='../../data.pkl'),
    'tensor beyond its storage': tensor(storage(), 0, 1 << 60, 1),
    'tensor before its storage': tensor(storage(), -1000, 4, 1),
    'tensor of negative stride': tensor(storage(), 0, 4, -1000),
    'storage of an unknown kind': b'(' + text('module') + name('os', 'system') + text('0') + text('cpu') + b'K\x04tQ',
    'tuple too deep to be hashed': b'})' + b'\x85' * 3_000_000 + b'K\x01s',
    'set of a tuple too deep to be hashed': call(name('builtins', 'set'), b'](' + b')' + b'\x85' * 3_000_000 + b'e'),
    'extension registry': b'\x82\x01',
    'persistent name': b'P0\n',
    'instance': b'(' + TOUCH + b'ios\nsystem\n',
    'object': b'(cos\nsystem\n' + TOUCH + b'o',
    'stack global': b'\x8c\x02os\x8c\x06system\x93' + b'(' + TOUCH + b'tR',
}  # fmt: skip

#: Values that look like an attack, but are harmless as they are read.
HARMLESS = {
    'forged flags': array(
        'f8', [1], latin1(b'A' * 8), b'(K\x03' + text('<') + b'NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\xfft'
    ),
    'array of a huge size': call(name('numpy', 'ndarray'), b'(' + number(1 << 33) + b't'),
    'memo bomb': b'Nr\xff\xff\xff\xff',
    'namespace with a class': build(
        name('argparse', 'Namespace') + b')\x81', b'}' + text('__class__') + text('x') + b's'
    ),
    'getattr alone': call(name('builtins', 'getattr'), name('numpy', 'ndarray'), text('tofile')),
    'poisoned statistics': history(text('_statistics_methods') + b'}' + text('mean') + text('poison') + b's'),
}


def zipped(pickle):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w') as archive:
        archive.writestr('archive/data.pkl', pickle)
        archive.writestr('archive/byteorder', 'little')
        archive.writestr('archive/data/0', bytes(16))
        archive.writestr('archive/version', '3\n')
    return stream.getvalue()


def bare(pickle):
    stream = io.BytesIO()
    torch.save({}, stream, _use_new_zipfile_serialization=False)
    return stream.getvalue().replace(b'\x80\x02}q\x00.\x80\x02]q\x00.', pickle + b'\x80\x02]q\x00.')


def pickled_arrays(pickle):
    """As detectron2 writes them: a pickle without a container, the value in the entry "model"."""
    return b'\x80\x02}' + text('model') + pickle.removeprefix(b'\x80\x02').removesuffix(b'.') + b's.'


@pytest.fixture
def in_fork(tmp_path, monkeypatch):
    """``in_fork(content)``: what reading a file with that content comes to in a process of its own."""

    def read(content):
        monkeypatch.chdir(tmp_path)
        (tmp_path / 'a.pth').write_bytes(content)
        receiver, sender = os.pipe()
        child = os.fork()
        if not child:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            try:
                answer = repr(read_checkpoint('a.pth'))
            except BaseException as error:  # noqa: BLE001  this is what is looked for
                answer = f'{type(error).__name__}: {error}'
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
            os.write(sender, f'{grown} {answer}'.encode())
            os._exit(0)
        os.close(sender)
        with os.fdopen(receiver) as pipe:
            grown, _, answer = pipe.read().partition(' ')
        assert os.waitpid(child, 0)[1] == 0, 'the reader died'
        assert not (tmp_path / CANARY).exists(), 'code ran'
        assert int(grown) < 200, 'MiB of memory'
        return answer

    return read


@pytest.mark.parametrize('container', [zipped, bare, pickled_arrays])
@pytest.mark.parametrize('attack', HOSTILE)
def test_hostile_pickles(in_fork, attack, container):
    answer = in_fork(container(b'\x80\x02}' + text('x') + HOSTILE[attack] + b's.'))
    assert answer.startswith('CheckpointError: "a.pth" ')
    assert '\n' not in answer


@pytest.mark.parametrize('container', [zipped, bare, pickled_arrays])
@pytest.mark.parametrize('attack', HARMLESS)
def test_harmless_pickles(in_fork, attack, container):
    answer = in_fork(container(b'\x80\x02}' + text('x') + HARMLESS[attack] + b's.'))
    assert answer.removeprefix("{'model': ").startswith("{'x': ")


@pytest.mark.parametrize('container', [zipped, bare])
def test_the_attacks_are_real(tmp_path, monkeypatch, container):
    """What is built here does its work where nothing stops it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'a.pth').write_bytes(container(b'\x80\x02}' + text('x') + HOSTILE['os.system'] + b's.'))
    torch.load('a.pth', weights_only=False)
    assert (tmp_path / CANARY).exists()


def test_poisoned_statistics_stay_outside(tmp_path):
    HistoryBuffer()  # the first of a process fills in the statistics of the class
    before = dict(HistoryBuffer._statistics_methods)
    path = tmp_path / 'a.pth'
    path.write_bytes(zipped(b'\x80\x02}' + text('x') + HARMLESS['poisoned statistics'] + b's.'))
    assert type(read_checkpoint(path)['x']) is HistoryBuffer
    assert HistoryBuffer._statistics_methods == before


def test_old_tar_files_are_refused(tmp_path):
    with tarfile.open(tmp_path / 'a.pth', 'w', format=tarfile.GNU_FORMAT, encoding='latin1') as archive:
        archive.addfile(tarfile.TarInfo('\x80'))
        archive.addfile(tarfile.TarInfo('storages'))
    assert (tmp_path / 'a.pth').read_bytes().startswith(b'\x80')
    with pytest.raises(CheckpointError, match=r'a.pth" was refused: it is a tar archive'):
        read_checkpoint(tmp_path / 'a.pth')
