from mmengine.config import Config

from sslrecipes.config.places import enclosing, place_of_option, value_at, walk

NODE = dict(a=dict(b=[dict(c=1), 2]), d=())


def test_walk_names_containers_and_what_is_inside():
    places = ['a', 'a.b', 'a.b[0]', 'a.b[0].c', 'a.b[1]', 'd']
    assert [place for place, _ in walk(NODE)] == ['', *places]
    assert [place for place, _ in walk(Config(NODE)) if place] == places


def test_walk_starts_where_the_node_stands():
    assert list(walk([7], 'x.y')) == [('x.y', [7]), ('x.y[0]', 7)]


def test_enclosing_goes_outwards():
    assert list(enclosing('a.b[0].c')) == ['a.b[0]', 'a.b', 'a']
    assert list(enclosing('a')) == []


def test_value_at_follows_keys_and_indices():
    assert value_at(NODE, 'a.b.0.c') == 1
    assert value_at(NODE, 'a.b.1') == 2
    for missing in ('a.b.2', 'a.x.c', 'a.b.0.c.d', 'a.b.x'):
        assert value_at(NODE, missing, 'nothing') == 'nothing'


def test_the_key_of_an_override_becomes_a_place():
    assert place_of_option(NODE, 'a.b.0.c') == 'a.b[0].c'
    assert place_of_option(NODE, 'a.new.key') == 'a.new.key'
