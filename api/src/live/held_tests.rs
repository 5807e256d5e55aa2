use std::time::Duration;

use super::*;
use crate::query::range::MINUTE;

const END: UnixMicros = UnixMicros(1_000 * MINUTE);
/// Of 180 minutes; 44 of them are 7,920 cells.
const CHANNELS: usize = 44;

fn lens(name: &str) -> Arc<Lens> {
    Arc::new(Lens::of_value(Dimension::Page, name, Sketches::default()))
}

/// What a look does with what it is asked for: the minutes that are held afterwards.
fn look(held: &mut Held, wanted: &[(Arc<Lens>, u16)], now: Instant) -> usize {
    held.make_room(wanted, END, now);
    for (lens, span) in wanted {
        let slice = held.slice(lens, *span, now);
        for at in slice.lacks(*span, END, usize::MAX) {
            let rollup = Rollup::default();
            slice.put(at, Cell { tick: 1, rollup });
        }
    }
    let held = held.slices.values();
    held.map(|slice| slice.last(u16::MAX, END).count()).sum()
}

#[test]
fn filters_that_come_and_go_take_no_more_than_those_that_stay() {
    let mut held = Held::default();
    let began = Instant::now();
    let stays = (lens("stays"), 60);
    let mut narrow = Vec::new();
    for round in 0..20 {
        let now = began + Duration::from_millis(50) * round;
        let name = |n| format!("/{round}/{n}");
        // Of each some minutes stay wanted when the others aren't any more.
        narrow.push((lens(&name(0)), 1));
        let wide = (0..CHANNELS - 1).map(|n| (lens(&name(n)), 180));
        let wanted: Vec<_> = wide.chain([stays.clone()]).chain(narrow.clone()).collect();
        let cells = look(&mut held, &wanted, now);
        assert!(cells <= MOST_CELLS, "{cells} in round {round}");
        let of = |(lens, span): &(Arc<Lens>, u16)| held.slices[lens].lacks(*span, END, 1);
        assert!(wanted.iter().all(|wanted| of(wanted).is_empty()));
    }
}

#[test]
fn what_somebody_else_wanted_stays_for_a_while() {
    let mut held = Held::default();
    let began = Instant::now();
    let (one, other) = (lens("one"), lens("other"));
    let both = [(one.clone(), 180), (one.clone(), 5), (other, 30)];
    assert_eq!(look(&mut held, &both, began), 210);
    let cells = |held: &mut Held, after: Duration| {
        let now = began + after;
        look(held, &[(one.clone(), 5)], now);
        held.forget(END, now);
        let slices = held.slices.values();
        slices
            .map(|slice| slice.last(u16::MAX, END).count())
            .sum::<usize>()
    };
    assert_eq!(cells(&mut held, UNWANTED / 2), 210);
    assert_eq!(cells(&mut held, UNWANTED), 5);
}
