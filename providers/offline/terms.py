"""The things the offline provider knows how to name and to paint, and the words that call for them.

Stems are marked `*`; scripts without spaces are matched by characters.
"""

from __future__ import annotations

from enum import StrEnum


class Biome(StrEnum):
    """Where a scene plays."""

    COAST = "coast"
    MOUNTAIN = "mountain"
    FOREST = "forest"
    CITY = "city"
    STREET = "street"
    DESERT = "desert"
    MEADOW = "meadow"
    VILLAGE = "village"
    ARCTIC = "arctic"
    LAKE = "lake"
    ROOM = "room"
    SPACE = "space"


class Daytime(StrEnum):
    """The light of a scene."""

    DAWN = "dawn"
    DAY = "day"
    GOLDEN = "golden"
    DUSK = "dusk"
    NIGHT = "night"


class Weather(StrEnum):
    """The air of a scene."""

    CLEAR = "clear"
    CLOUDY = "cloudy"
    RAIN = "rain"
    STORM = "storm"
    SNOW = "snow"
    FOG = "fog"


class Subject(StrEnum):
    """What a scene shows in front of its place."""

    PERSON = "person"
    COUPLE = "couple"
    CHILD = "child"
    CROWD = "crowd"
    DOG = "dog"
    HORSE = "horse"
    BIRDS = "birds"
    BOAT = "boat"
    LIGHTHOUSE = "lighthouse"
    HOUSE = "house"
    CASTLE = "castle"
    CHURCH = "church"
    WINDMILL = "windmill"
    TREE = "tree"
    BRIDGE = "bridge"
    TRAIN = "train"
    CAR = "car"
    TENT = "tent"
    LAMP = "lamp"
    BALLOON = "balloon"
    ROCKET = "rocket"


class Mood(StrEnum):
    """Wishes about the whole picture."""

    WARM = "warm"
    COLD = "cold"
    COLOURFUL = "colourful"
    MUTED = "muted"
    CLOSE = "close"
    WIDE = "wide"


Term = Biome | Daytime | Weather | Subject | Mood

WORDS: dict[Term, str] = {
    Biome.COAST: (
        "sea ocean beach coast shore shoreline harbour harbor wave tide island bay cliff pier dock quay surf "
        "reef sailor seaside meer küste strand mer plage côte océan mar playa costa мор* берег* волн* океан* "
        "Meer Insel île isla gull jetty lagoon lighthouse seagull driftwood"
    ),
    Biome.MOUNTAIN: (
        "mountain hill peak ridge summit slope gorge pass highland climb climber berg* montagne montaña гор* "
        "скал* canyon ravine crag alpine pasture"
    ),
    Biome.FOREST: (
        "forest wood woods woodland grove jungle pine fir oak birch thicket undergrowth wald wälder forêt "
        "bosque лес* деревья clearing mushroom moss fern"
    ),
    Biome.CITY: (
        "city skyline rooftop building downtown metropolis skyscraper tower towers apartment office neon "
        "stadt ville ciudad город* crowds subway metro"
    ),
    Biome.STREET: (
        "street road alley lane avenue sidewalk pavement square corner market shop café cafe bakery bar "
        "station straße rue calle улиц* дорог* traffic stall plaza"
    ),
    Biome.DESERT: ("desert dune sand sands oasis pyramid camel caravan wüste désert desierto пустын* cactus mesa"),
    Biome.MEADOW: (
        "meadow field garden park grass farm orchard countryside prairie wheat flower vineyard wiese feld "
        "champ jardin campo prado пол* луг* сад* picnic harvest barn"
    ),
    Biome.VILLAGE: (
        "village hamlet cottage cottages town chapel inn tavern mill dorf pueblo aldea деревн* neighbours neighbors"
    ),
    Biome.ARCTIC: ("arctic polar glacier iceberg tundra ice frozen antarctic sledge igloo eis glace hielo лёд льд*"),
    Biome.LAKE: (
        "lake river pond stream brook waterfall valley creek marsh swamp reeds fluss lac rivière lago río "
        "озер* рек* fisherman canoe ferry"
    ),
    Biome.ROOM: (
        "room kitchen bedroom house inside indoors table desk window door sofa chair bed lamp stairs "
        "corridor hall library attic cellar bookshelf fireplace hearth zimmer küche chambre cuisine "
        "habitación cocina комнат* кухн* curtain clock stove shelf cup tea teapot ceiling int classroom "
        "hospital studio"
    ),
    Biome.SPACE: (
        "space planet galaxy rocket astronaut cosmos mars orbit spaceship spacecraft universe asteroid comet "
        "weltraum espace espacio космос* планет* starship"
    ),
    Daytime.DAWN: ("dawn sunrise daybreak morning morgen aube matin amanecer mañana рассвет* утр* breakfast"),
    Daytime.DAY: (
        "day noon midday sunny bright brighter lighter summer daylight sunlight sunlit jour midi mediodía "
        "день днем днём полдень spring"
    ),
    Daytime.GOLDEN: ("golden afternoon autumn harvest honey amber september october"),
    Daytime.DUSK: (
        "dusk sunset evening twilight sundown nightfall abend soir crépuscule atardecer tarde вечер* закат*"
    ),
    Daytime.NIGHT: (
        "night midnight moon moonlight moonlit star stars starlit starry dark darker darkness nacht nuit "
        "minuit noche ноч* лун* звезд* звёзд* nocturnal lantern candle"
    ),
    Weather.CLEAR: ("clear cloudless sunny sunshine sun"),
    Weather.CLOUDY: ("cloud clouds cloudy overcast grey gray wind windy wolke nuage nube облак* туч* breeze"),
    Weather.RAIN: ("rain rainy raining drizzle shower wet umbrella puddle regen pluie lluvia дожд*"),
    Weather.STORM: (
        "storm stormy thunder lightning tempest gale hurricane sturm gewitter tempête tormenta бур* гроз* шторм*"
    ),
    Weather.SNOW: (
        "snow snowy snowing snowfall snowflake blizzard winter frost schnee neige nieve снег* снеж* зим* christmas"
    ),
    Weather.FOG: ("fog foggy mist misty haze hazy nebel brume brouillard niebla туман*"),
    Subject.PERSON: (
        "man woman person hero heroine keeper figure traveller traveler walker he she him her detective "
        "fisherman stranger captain grandfather grandmother father mother wife husband queen king soldier "
        "mann frau homme femme hombre mujer человек* мужчин* женщин* astronaut postman teacher doctor nurse "
        "guard clerk baker widow lady somebody"
    ),
    Subject.COUPLE: ("couple lovers together friends sisters brothers twins both they pair paar pareja пара друзь*"),
    Subject.CHILD: (
        "child boy girl kid son daughter kind junge mädchen enfant garçon fille niño niña мальчик* девочк* "
        "ребён* grandson granddaughter"
    ),
    Subject.CROWD: (
        "crowd people children crew group villagers passengers family audience menschen gens gente люд* толп*"
    ),
    Subject.DOG: ("dog puppy hound wolf fox hund chien perro собак* пёс"),
    Subject.HORSE: ("horse rider pony pferd cheval caballo лошад* конь cavalry knight stallion mare"),
    Subject.BIRDS: (
        "bird gull gulls crow raven swallow swallows goose geese seagull seagulls eagle vogel oiseau pájaro птиц* чайк*"
    ),
    Subject.BOAT: (
        "boat ship sail sailing sailboat yacht vessel schooner canoe ferry rowboat fleet mast boot schiff "
        "bateau navire barco лодк* кораб* парус*"
    ),
    Subject.LIGHTHOUSE: ("lighthouse beacon leuchtturm phare faro маяк*"),
    Subject.HOUSE: (
        "house cabin cottage home hut farmhouse villa haus hütte maison casa дом* изб* barn inn shed lodge"
    ),
    Subject.CASTLE: ("castle fortress palace ruin ruins schloss burg château castillo замок* крепост* battlement"),
    Subject.CHURCH: ("church chapel steeple cathedral bell kirche église iglesia церк* храм* monastery"),
    Subject.WINDMILL: ("windmill mill mühle moulin molino мельниц*"),
    Subject.TREE: ("tree oak willow apple baum arbre árbol дерев* linden chestnut"),
    Subject.BRIDGE: ("bridge viaduct aqueduct brücke pont puente мост*"),
    Subject.TRAIN: ("train locomotive railway rails carriage zug tren поезд*"),
    Subject.CAR: ("car taxi truck bus automobile van auto voiture coche машин* автомобил* headlights"),
    Subject.TENT: ("tent camp campfire campsite bonfire zelt tente tienda палатк* костер* костёр*"),
    Subject.LAMP: ("lamp lamppost streetlight laterne réverbère farola фонар*"),
    Subject.BALLOON: ("balloon airship zeppelin kite ballon montgolfière globo"),
    Subject.ROCKET: ("rocket spaceship spacecraft rakete fusée cohete ракет*"),
    Mood.WARM: ("warm warmer cozy cosy gold"),
    Mood.COLD: ("cold colder cool cooler icy bleak"),
    Mood.COLOURFUL: ("colourful colorful vivid saturated vibrant colour color colours colors cheerful"),
    Mood.MUTED: ("muted pale soft softer subdued desaturated pastel"),
    Mood.CLOSE: ("close closer close-up closeup near nearer bigger larger"),
    Mood.WIDE: ("wide wider farther further distant panorama panoramic smaller"),
}
CHARACTERS: dict[str, Term] = {
    char: term
    for chars, term in (
        ("海浜島岛港", Biome.COAST),
        ("山", Biome.MOUNTAIN),
        ("森林", Biome.FOREST),
        ("城", Biome.CITY),
        ("街路", Biome.STREET),
        ("砂沙", Biome.DESERT),
        ("草花", Biome.MEADOW),
        ("村", Biome.VILLAGE),
        ("冰氷", Biome.ARCTIC),
        ("湖河川", Biome.LAKE),
        ("屋窓窗", Biome.ROOM),
        ("朝晨", Daytime.DAWN),
        ("昼", Daytime.DAY),
        ("夕", Daytime.DUSK),
        ("夜星月", Daytime.NIGHT),
        ("雨", Weather.RAIN),
        ("雪", Weather.SNOW),
        ("霧雾", Weather.FOG),
        ("雲", Weather.CLOUDY),
        ("嵐雷", Weather.STORM),
        ("船舟", Subject.BOAT),
        ("家", Subject.HOUSE),
        ("鳥鸟", Subject.BIRDS),
        ("犬狗", Subject.DOG),
        ("馬马", Subject.HORSE),
        ("橋桥", Subject.BRIDGE),
        ("塔", Subject.LIGHTHOUSE),
        ("男女人他她彼", Subject.PERSON),
        ("子", Subject.CHILD),
    )
    for char in chars
}
