import dataclasses
import re
from collections.abc import Mapping

import numpy as np
import pytest
from fixtures.pages import Page
from markdown_it import MarkdownIt
from PIL import Image

from sslrecipes.errors import StorageError
from sslrecipes.reports.contents import Chart, Finding, Line, Picture, Report, RunPart, Setting, Table
from sslrecipes.reports.markdown import markdown_report
from sslrecipes.reports.page import report_page, write_report
from sslrecipes.visualization.labels import visible_text

VERDICTS = ('good', 'bad', 'unclear', 'fact')
NASTY = '<b onclick="x()">{}</b> &amp; \' | `*a*` \udce9 \u202e_b_'


def plain(name):
    return name


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / 'a folder' / 'picture|1.png'
    path.parent.mkdir()
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(path)
    return path


def full_report(picture, text):
    """A report with something in each of its fields: ``text`` of a name of that place."""
    findings = [Finding(text(f'question {verdict}'), verdict, text(f'answer {verdict}')) for verdict in VERDICTS]
    table = Table(
        text('table'),
        [text('row'), text('top-1'), text('cost')],
        [[text('MAE'), '84.2 ± 0.3', text('cheap')], [text('TEC'), '85.1 ± 0.25', text('dear')]],
        text('seeds'),
        frozenset({(1, 1)}),
    )
    curves = [Line(text('run a'), range(5), [5.0, 4, 3, 2, 1]), Line(text('run b'), [0, 2], [2.5, 1.5])]
    return Report(
        *map(text, ('title', 'lead', 'claim', 'source')),
        findings=findings,
        tables=[table, dataclasses.replace(table, title=text('another table'))],
        charts=[Chart(text('loss'), text('iteration'), curves, {text('trivial'): 5.75}, text('look for'))],
        pictures=[Picture(text('picture'), picture, text('caption'))],
        runs=[
            RunPart(
                text(f'run {name}'),
                text(f'folder {name}'),
                [Finding(text(f'run question {name}'), 'good', text(f'run answer {name}'))],
                {text(f'fact {name}'): text(f'value {name}')},
                [
                    Setting(text(f'optimizer.lr {name}'), text('0.5'), text('0.25'), text(f'file.py:{name}')),
                    Setting(text('new'), text('7'), None, text('override')),
                ],
                [text(f'python run {name}')],
            )
            for name in 'ab'
        ],
        environment={text('torch'): text('2.14')},
        commands=[text('python all'), text('python more')],
    )


def texts_of(part):
    """Every text that a part of a report holds."""
    if isinstance(part, str):
        yield from () if part in VERDICTS else [part]
    elif dataclasses.is_dataclass(part):
        for field in dataclasses.fields(part):
            yield from texts_of(getattr(part, field.name))
    elif isinstance(part, Mapping):
        yield from texts_of([*part.items()])
    elif isinstance(part, list | tuple):
        for item in part:
            yield from texts_of(item)


@pytest.mark.parametrize('text', [plain, NASTY.format], ids=['plain', 'nasty'])
def test_everything_is_on_the_page_and_in_the_text(picture, text):
    report = full_report(picture, text)
    markdown = MarkdownIt('commonmark', {'html': True}).enable('table').render(markdown_report(report, picture.parent))
    for page in (Page(report_page(report)), Page(markdown)):
        shown = page.text()
        for said in [*texts_of(report), 'trivial', '5.75']:
            assert visible_text(said) in shown, said
        assert not page.all('b')
        assert not any(name.startswith('on') for _, attributes in page.tags for name in attributes)


def test_the_page_needs_nothing_and_lets_nothing_run(picture):
    text = report_page(full_report(picture, plain))
    (policy,) = Page(text).all('meta', **{'http-equiv': 'Content-Security-Policy'})
    assert policy['content'].startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert 'unsafe' not in policy['content']
    assert not re.search(r'https?://|@import|url\(|style=', text)


def test_verdicts_are_words_and_the_first_is_that_of_the_claim(picture):
    report = full_report(picture, plain)
    shown = Page(report_page(report)).text()
    assert shown.index('Held') < shown.index('84.2') < shown.index('Bad question bad') < shown.index('Unclear')
    shown = Page(report_page(dataclasses.replace(report, claim='', source=''))).text()
    assert 'Held' not in shown
    assert 'question good Good answer good' in shown


def test_best_cells_are_bold_with_their_spread_beside_them(picture):
    report = full_report(picture, plain)
    text = report_page(report)
    assert '<td class="number"><strong>85.1</strong> <span class="spread">± 0.25</span></td>' in text
    assert text.count('<strong>') == 2
    assert '<th scope="row">TEC</th>' in text
    assert '**85.1** ± 0.25' in markdown_report(report, picture.parent)


def test_settings_name_the_base_and_the_origin(picture):
    report = full_report(picture, plain)
    row = '<code>optimizer.<wbr>lr b</code></th><td><code>0.5</code></td><td><code>0.25</code></td><td>file.py:b</td>'
    assert row in report_page(report)
    assert '| `optimizer.lr b` | `0.5` | `0.25` | file.py:b |' in markdown_report(report, picture.parent)
    assert '| `new` | `7` | (none) | override |' in markdown_report(report, picture.parent)


def test_papers_and_addresses_become_links():
    report = Report('t', claim='c', source='arXiv:2103.13559, section 4.1; see https://example.org/a?b=1&c=2.')
    page = Page(report_page(report))
    assert [link['href'] for link in page.all('a', rel='noreferrer')] == [
        'https://arxiv.org/abs/2103.13559',
        'https://example.org/a?b=1&c=2',
    ]
    assert 'section 4.1; see https://example.org/a?b=1&c=2.' in page.text()


def test_pictures_are_embedded_as_they_are_and_linked_from_markdown(picture):
    report = full_report(picture, plain)
    (image,) = Page(report_page(report)).all('img')
    assert image['alt'] == 'picture: caption'
    assert image['class'] == 'small'
    assert '![picture](a%20folder/picture%7C1.png)' in markdown_report(report, picture.parents[1])


def test_a_missing_picture_is_said_and_the_rest_is_there(picture):
    picture.unlink()
    page = Page(report_page(full_report(picture, plain)))
    assert not page.all('img')
    assert f'"{picture}" can not be shown: No such file or directory.' in page.text()


def test_what_is_said_of_the_only_run_is_said_once():
    finding = Finding('learning?', 'good', 'it is')
    report = Report('t', findings=[finding], runs=[RunPart('a', 'folder', (finding,), commands=['repeat'])])
    for text in (
        report_page(report).replace(' <span class="short">learning? it is</span>', ''),
        markdown_report(report, '.'),
    ):
        assert text.count('it is') == 1
        assert 'repeat' in text


def test_an_empty_report_has_no_empty_sections():
    page = Page(report_page(Report('nothing')))
    assert not page.all('section')
    assert markdown_report(Report('nothing'), '.') == '# nothing\n'


def test_written_as_files_that_keep_others(picture, tmp_path):
    report, folder = full_report(picture, plain), tmp_path / 'new'
    files = write_report(report, folder)
    assert [file.name for file in files] == ['report.html', 'report.md']
    contents = [file.read_bytes() for file in files]
    assert [file.read_bytes() for file in write_report(report, folder)] == contents
    assert len([*folder.iterdir()]) == 2
    write_report(dataclasses.replace(report, title='other'), folder)
    assert (folder / 'report.md.superseded').read_bytes() == contents[1]


def test_a_folder_that_is_none_is_named(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(StorageError, match=r'report\.html'):
        write_report(Report('t'), tmp_path / 'file')
