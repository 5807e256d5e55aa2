//! Visits: which of them event `i` belongs to, and who is visiting.
//!
//! The events are dealt to a power of two of lanes, each lane getting one in every round, in
//! an order that changes from round to round. A lane is one visit after the other; where one
//! ends is a function of the seed, the lane and the round alone.

use rand_distr::{Distribution as _, Zipf};

use super::{
    catalogue::{Agent, Catalogue},
    rng::{Draws, hash},
};

/// The most events of a visit; the average is about a quarter of it.
const MAX_VISIT: u64 = 32;
const MAX_LANES: u32 = 4_096;
/// Zipf's exponent of how often users return; web traffic lies between 0.6 and 1.
const RETURNING: f64 = 0.8;

const LANE: u64 = 0x6c61_6e65;
const USER: u64 = 0x7573_6572;

/// Where in the visits an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) lane: u32,
    /// The round in which the visit began.
    pub(super) start: u64,
    /// The event's position in the visit, from 0.
    pub(super) step: u64,
}

/// A visit; everything in it holds for each of its events.
#[derive(Debug, Clone)]
pub(super) struct Session {
    start: u64,
    /// The seed of what happens in it.
    pub(super) seed: u64,
    pub(super) user_id: [u8; 9],
    pub(super) session_id: [u8; 13],
    pub(super) country: &'static str,
    pub(super) agent: Agent,
    /// Of the catalogue's referrers.
    pub(super) referrer: usize,
}

/// The lanes of one population.
#[derive(Debug)]
pub(super) struct Visits {
    seed: u64,
    lanes: u32,
    users: Zipf<f64>,
}

impl Visits {
    pub(super) fn new(seed: u64, users: u32) -> Self {
        let lanes = (users / 8).next_power_of_two().clamp(8, MAX_LANES);
        let zipf = Zipf::new(f64::from(users), RETURNING);
        Self {
            seed: hash(hash(seed, LANE), u64::from(users)),
            lanes,
            users: zipf.expect("a population has at least one user"),
        }
    }

    pub(super) const fn lanes(&self) -> usize {
        self.lanes as usize
    }

    pub(super) fn place(&self, i: u64) -> Place {
        let lanes = u64::from(self.lanes);
        let (round, offset) = (i / lanes, i % lanes);
        let order = hash(self.seed, round);
        // An odd factor and a shift permute the residues of a power of two.
        let lane = (offset.wrapping_mul(order | 1).wrapping_add(order >> 32) % lanes) as u32;
        let mut start = round;
        while !self.begins(lane, start) {
            start -= 1;
        }
        Place {
            lane,
            start,
            step: round - start,
        }
    }

    fn begins(&self, lane: u32, round: u64) -> bool {
        let lane = u64::from(lane);
        round == 0
            || round % MAX_VISIT == lane % MAX_VISIT
            || hash(self.seed ^ lane.rotate_left(40), round).is_multiple_of(8)
    }

    pub(super) fn session(&self, place: Place, catalogue: &Catalogue) -> Session {
        let seed = hash(
            self.seed ^ u64::from(place.lane).rotate_left(24),
            !place.start,
        );
        let mut draws = Draws::at(seed, 0);
        let user = self.users.sample(&mut draws) as u32;
        let mut habits = Draws::at(self.seed ^ USER, u64::from(user));
        let country = *catalogue.countries.draw(&mut habits);
        let usual = *catalogue.agents.draw(&mut habits);
        // One visit in eight comes from another device than the usual one.
        let agent = if draws.below(8) == 0 {
            *catalogue.agents.draw(&mut draws)
        } else {
            usual
        };
        Session {
            start: place.start,
            seed,

            user_id: user_id(user),
            session_id: session_id(seed),
            country,
            agent,
            referrer: catalogue.referrers.draw_index(&mut draws),
        }
    }
}

/// The current visit of each lane, so that it is made once and not for each of its events.
/// What it holds never changes a result.
#[derive(Debug)]
pub(super) struct Current(Vec<Option<Session>>);

impl Current {
    pub(super) fn new(visits: &Visits) -> Self {
        Self(
            std::iter::repeat_with(|| None)
                .take(visits.lanes())
                .collect(),
        )
    }

    pub(super) fn at(&mut self, place: Place, visits: &Visits, catalogue: &Catalogue) -> &Session {
        let slot = &mut self.0[place.lane as usize];
        if slot
            .as_ref()
            .is_some_and(|session| session.start != place.start)
        {
            *slot = None;
        }
        slot.get_or_insert_with(|| visits.session(place, catalogue))
    }
}

/// `u` and eight digits.
fn user_id(user: u32) -> [u8; 9] {
    let mut text = *b"u00000000";
    let mut rest = user;
    for digit in text[1..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    text
}

/// `s` and twelve hexadecimal digits.
fn session_id(seed: u64) -> [u8; 13] {
    let mut text = *b"s000000000000";
    for (i, digit) in text[1..].iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(seed >> (44 - 4 * i) & 15) as usize];
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    #[test]
    fn each_round_deals_one_event_to_every_lane() {
        let visits = Visits::new(42, 1_000);
        for round in 0..50 {
            let lanes = visits.lanes() as u64;
            let dealt: HashSet<_> = (0..lanes)
                .map(|o| visits.place(round * lanes + o).lane)
                .collect();
            assert_eq!(dealt.len(), visits.lanes());
        }
    }

    #[test]
    fn visits_are_contiguous_of_bounded_length_and_have_ids_of_their_own() {
        let (visits, catalogue) = (Visits::new(7, 500), Catalogue::new(7));
        let mut current = Current::new(&visits);
        let mut steps: HashMap<(u32, u64), Vec<u64>> = HashMap::new();
        let mut ids: HashMap<[u8; 13], (u32, u64)> = HashMap::new();
        for i in 0..50_000 {
            let place = visits.place(i);
            steps
                .entry((place.lane, place.start))
                .or_default()
                .push(place.step);
            let session = current.at(place, &visits, &catalogue);
            assert_eq!(session.user_id, visits.session(place, &catalogue).user_id);
            let owner = ids
                .entry(session.session_id)
                .or_insert((place.lane, place.start));
            assert_eq!(*owner, (place.lane, place.start));
        }
        for steps in steps.values() {
            assert!(steps.len() as u64 <= MAX_VISIT);
            assert!(steps.iter().copied().eq(0..steps.len() as u64), "{steps:?}");
        }
        let mean = 50_000.0 / steps.len() as f64;
        assert!((5.0..9.0).contains(&mean), "{mean}");
    }

    #[test]
    fn ids_are_fixed_width() {
        assert_eq!(&user_id(42), b"u00000042");
        assert_eq!(&session_id(0xab), b"s0000000000ab");
    }
}
