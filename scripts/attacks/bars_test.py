"""The bars hold what is promised and nothing less: python3 -m unittest discover -s scripts/attacks -p '*_test.py'"""

import unittest

import bars

CALM = {"asked": 600, "failed": 0, "p50_ms": 5.0, "p99_ms": 10.0}


class Bars(unittest.TestCase):
    def only(self, missed, word):
        self.assertEqual(len(missed), 1, missed)
        self.assertIn(word, missed[0])

    def test_honest_clients_wait_twice_as_long_at_most_and_are_answered(self):
        self.assertEqual(bars.of_honest(CALM | {"p99_ms": 20.0}, CALM), [])
        self.only(bars.of_honest(CALM | {"p99_ms": 20.1}, CALM), "p99")
        self.only(bars.of_honest(CALM | {"failed": 1}), "not answered")
        self.only(bars.of_honest(CALM | {"asked": 0}), "nobody")

    def test_an_attack_takes_place(self):
        self.assertEqual(bars.of_slow({"most": 2, "closed": 3_861}, 4_000), [])
        self.only(bars.of_slow({"most": 2, "closed": 0}, 4_000), "connections")

    def test_a_bomb_is_refused_soon_and_always(self):
        self.assertEqual(bars.of_bomb([413], 413, 50), [])
        self.only(bars.of_bomb([0], 413, 5), "answered")
        self.only(bars.of_bomb([0, 413], 413, 5), "answered")
        self.only(bars.of_bomb([413], 413, 50.1), "ms")
        self.only(bars.of_memory(16.1), "MiB")
        self.assertEqual(bars.of_crowd([422, 503], 128), [])
        self.only(bars.of_crowd([0, 422], 100), "answered")
        self.only(bars.of_crowd([422], 129), "MiB")

    def test_a_parameter_is_tested_to_the_end_behind_a_right_question(self):
        self.assertEqual(bars.of_injection(200, 2, 2, [], True), [])
        self.only(bars.of_injection(422, 2, 2, [], True), "answered 422")
        self.only(bars.of_injection(200, 2, 1, [], True), "1 of 2")
        self.only(bars.of_injection(200, 0, 0, [], True), "0 of 0")
        self.only(bars.of_injection(200, 2, 2, [], False), "time")
        self.only(bars.of_injection(200, 2, 2, ["Parameter: x"], True), "injectable")


if __name__ == "__main__":
    unittest.main()
