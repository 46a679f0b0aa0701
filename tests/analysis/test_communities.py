"""Communities are what is joined more than chance would, the same every time."""

import random
from itertools import combinations

from sklearn.metrics import adjusted_rand_score

from monitor.analysis.communities import communities


def test_communities__two_rings_with_one_bridge():
    weights = {(0, 1): 1.0, (1, 2): 1.0, (0, 2): 1.0, (3, 4): 1.0, (4, 5): 1.0, (3, 5): 1.0, (2, 3): 0.5}
    assert communities(weights, 6) == [0, 0, 0, 1, 1, 1]


def test_communities__without_links__each_is_alone():
    assert communities({}, 3) == [0, 1, 2]
    assert communities({}, 0) == []


def test_communities__a_planted_partition_is_found():
    rng = random.Random(3)
    truth = [at % 5 for at in range(100)]
    weights = {
        pair: 1.0 for pair in combinations(range(100), 2) if rng.random() < (0.5 if truth[pair[0]] == truth[pair[1]] else 0.03)
    }
    index = adjusted_rand_score(truth, communities(weights, 100))
    print(f"communities: planted partition, adjusted Rand index {index:.3f}")
    assert index > 0.95


def test_communities__the_order_of_the_links_does_not_matter():
    rng = random.Random(4)
    weights = {pair: rng.random() for pair in combinations(range(40), 2) if rng.random() < 0.2}
    shuffled = dict(rng.sample(sorted(weights.items()), len(weights)))
    assert communities(shuffled, 40) == communities(weights, 40)
