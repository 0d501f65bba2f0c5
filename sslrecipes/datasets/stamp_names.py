"""Which stamps of Tux Paint are photographs of one object, of which class, and for which split.

Left out are drawings, mirror images of other stamps, and what has no clear outline (glass, smoke, bare twigs).
Pictures of one object, and recoloured or nearly equal ones, are in one split.
"""

from __future__ import annotations

#: Of the names and contents of all files below, in version 2022.06.04 of the stamps.
SHA256 = 'ee3430e7c0196167b80feedb6f44359ffd16fe6991faac3b608b4226ea44e826'

#: Class -> folder -> names of the files without ``.png``, for training and for validation.
STAMPS: dict[str, dict[str, tuple[str, str]]] = {
    'bird': {
        'animals/birds': (
            """adelaide-rosella albino_peahen blackbird chicken_profile crowned_crane cuckoo drake gander
            guineafowl helmeted_guineafowl lark little-penguin magpie ostrich penguin pigeon pink_flamingo
            quetzal rooster seagull tucan turkey vulture""",
            """crow duck hen heron_greatblue heron_greatblue_flying magellanic_penguin nandou owl peacock pelican
            rainbow-lorikeet silver-gull""",
        ),
    },
    'hoofed': {
        'animals/mammals': ('giraffe hippopotamus pig rhino_black wildboar', 'pig_golden pig_golden2'),
        'animals/mammals/bovines': (
            'bison bull cow gnu-sitting gnu-stand indian_blackbuck mountaingoat ram sheep_lamb zebu',
            'cow_white gnu-baby gnu-baby-stand goat sheep yak',
        ),
        'animals/mammals/camel': ('dromedary', 'camel'),
        'animals/mammals/deer': ('caribou doe wapiti', 'deer'),
        'animals/mammals/equines': ('donkey donkey_eating zebra', 'horse'),
    },
    'pawed': {
        'animals/mammals': ('badger rabbit_little', 'ferret'),
        'animals/mammals/aquatic': ('otter', ''),
        'animals/mammals/bears': ('bear', 'european-bear'),
        'animals/mammals/cats': ('tiger tiger_sumatran', 'lion lion-2'),
        'animals/mammals/dogs': ('dingo dog', 'fox'),
        'animals/mammals/rodents': ('beaver capybara rabbit rabbit-2 rat squirrel', 'marmot mouse'),
        'animals/marsupials': ('kangaroo wombat', 'koala'),
    },
    'marine': {
        'animals/fish': (
            'bluegroper clownfish dolphinfish lionfish moonwrasse seahorse shrimp stripedfish',
            'butterflyfish coraltrout lobster',
        ),
        'animals/mammals/aquatic': ('dolphin orca', 'sea_lion whale'),
    },
    'flower': {
        'plants/flowers': (
            """adeenia anemone_red appooppanthady bolsom flower1 flower3 flower4 flower5 flower6 flower7 flower8
            iris pigface red-gazania rose yellow-flower""",
            'anthoorium chemparathi daffodil flower10 flower2 flower9 marigold whitestar-petunia',
        ),
    },
    'fruit': {
        'food/fruit': (
            """Apricot_whole apple_fuji apple_granny_smith apple_green apple_red apple_sierra_beauty apricot banana
            cherimoya grapes mandarine mango orange orange_seville pineapple raspberry sliced_orange""",
            'Cherry_Stella Strawberry2 avocado kiwi lemon pear pomegranate sliced_lime strawberry',
        ),
    },
    'vegetable': {
        'food/spices': ('ginger', ''),
        'food/vegetables': (
            """broccoli chilepepper eggplant lettuce mushroom onion pattypan_squash pepper potato pumpkin_small yam
            yellowpepper""",
            'carrot corn garlic garlics redlettuce tomato',
        ),
    },
    'vehicle': {
        'military/vehicles': ('bradley f22_raptor ww2_german_gun', 'infantry-stryker'),
        'vehicles': ('garbagetruck', ''),
        'vehicles/auto': ('beetle sportscar2 truck', 'sedan'),
        'vehicles/construction': ('dumper', ''),
        'vehicles/cycle': ('pink_tricycle', ''),
        'vehicles/emergency': ('', 'firetruck'),
        'vehicles/flight': ('balloon360', ''),
        'vehicles/flight/planes': ('', '747'),
        'vehicles/masstransit': ('green_korean_bus', ''),
        'vehicles/race': ('', 'indycar'),
        'vehicles/ship': ('chineseJunk', 'walnutBoat'),
    },
    'tool': {
        'household/arttools': ('scissors_small_open', ''),
        'household/dishes/utensils': ('', 'nutcracker'),
        'household/tools': (
            'hammer measuring_tape paintbrush_large plyers spade toolbox wrench wrench_plumbers',
            'mallet_metal saw wrench_adjustable',
        ),
    },
    'instrument': {
        'hobbies/music/brass': ('trumpet', ''),
        'hobbies/music/percussion': ('cymbal_crash drumkit', 'drum_tomtom_floor'),
        'hobbies/music/string': ('cello guitar2 guitar_classical guitar_electric_bass', 'guitar_electric violin'),
        'hobbies/music/wind': ('', 'bassoon'),
    },
}
