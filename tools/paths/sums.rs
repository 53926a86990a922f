//! The sums that the widget's pointer collector (`web/widget/src/collect/pointer.ts`) would have sent, line by line the
//! same.

use spigot_decision::behaviour::Pointer;

use super::recordings::Happened;

/// Straightness is taken over so many moves at a time.
const STRETCH: u32 = 16;

/// The sums of each `moves` moves in a row; what is left at the end is left out.
#[must_use]
pub fn windows(happened: &[Happened], moves: u32) -> Vec<Pointer> {
    let mut all = Vec::new();
    let mut collector = Collector::default();
    for &event in happened {
        collector.hear(event);
        if collector.moves == moves {
            all.push(std::mem::take(&mut collector).sums());
        }
    }
    all
}

#[derive(Default)]
struct Collector {
    moves: u32,
    presses: u32,
    path: f64,
    straight: f64,
    speed: Spread,
    flips: u32,
    rising: bool,
    before: f64,
    steps: u32,
    last: Option<(f64, f64, f64)>,
    from: Option<(f64, f64)>,
}

impl Collector {
    fn hear(&mut self, event: Happened) {
        match event {
            Happened::Press => {
                self.presses += 1;
                self.end_stretch();
                (self.last, self.from) = (None, None);
            }
            Happened::Move(at, x, y) => {
                self.moves += 1;
                if let Some((before, from_x, from_y)) = self.last {
                    let step = (x - from_x).hypot(y - from_y);
                    self.path += step;
                    if at > before {
                        self.pace(step / (at - before));
                    }
                }
                self.last = Some((at, x, y));
                self.from = self.from.or(Some((x, y)));
                self.steps += 1;
                if self.steps == STRETCH {
                    self.end_stretch();
                }
            }
        }
    }

    fn pace(&mut self, speed: f64) {
        self.speed.add(speed);
        #[allow(clippy::float_cmp)] // as the widget compares
        if speed != self.before {
            let rising = speed > self.before;
            self.flips += u32::from(rising != self.rising);
            (self.rising, self.before) = (rising, speed);
        }
    }

    fn end_stretch(&mut self) {
        if let (Some((_, x, y)), Some((from_x, from_y))) = (self.last, self.from) {
            self.straight += (x - from_x).hypot(y - from_y);
        }
        self.from = self.last.map(|(_, x, y)| (x, y));
        self.steps = 0;
    }

    fn sums(mut self) -> Pointer {
        self.end_stretch();
        let straight = if self.path == 0.0 { 0.0 } else { (100.0 * self.straight / self.path).min(100.0) };
        Pointer {
            moves: self.moves,
            presses: self.presses,
            path_pixels: whole(self.path),
            straight_percent: whole(straight),
            speed_cv_percent: self.speed.cv_percent(),
            speed_flips_percent: whole(100.0 * f64::from(self.flips) / f64::from(self.speed.count.max(1))),
            ..Pointer::default()
        }
    }
}

/// Welford's method, as in `sums.ts`.
#[derive(Default)]
struct Spread {
    count: u32,
    mean: f64,
    squares: f64,
}

impl Spread {
    fn add(&mut self, value: f64) {
        self.count += 1;
        let off = value - self.mean;
        self.mean += off / f64::from(self.count);
        self.squares += off * (value - self.mean);
    }

    fn cv_percent(&self) -> u32 {
        if self.count < 2 || self.mean <= 0.0 {
            0
        } else {
            whole(100.0 * (self.squares / f64::from(self.count)).sqrt() / self.mean)
        }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped
fn whole(value: f64) -> u32 {
    value.round().clamp(0.0, 1_000_000.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(of: impl Fn(u32) -> (f64, f64, f64)) -> Vec<Happened> {
        (0..64).map(&of).map(|(at, x, y)| Happened::Move(at, x, y)).collect()
    }

    #[test]
    fn a_line_at_one_pace_and_a_way_of_a_hand() {
        let line = windows(&moves(|i| (f64::from(i) * 16.0, f64::from(i) * 8.0, 5.0)), 64);
        let [line] = line[..] else { panic!("one window") };
        assert_eq!(
            (line.path_pixels, line.straight_percent, line.speed_cv_percent, line.speed_flips_percent),
            (504, 100, 0, 2)
        );
        let bow = |i: u32| {
            let turn = f64::from(i) / 10.0;
            (f64::from(i) * 16.0, turn.cos() * 100.0, turn.sin() * 200.0)
        };
        let [bow] = windows(&moves(bow), 64)[..] else { panic!("one window") };
        assert!(bow.straight_percent < 98 && bow.speed_cv_percent > 15, "{bow:?}");
        assert!((3..20).contains(&bow.speed_flips_percent), "{bow:?}");
    }

    #[test]
    fn a_press_ends_a_way() {
        let mut happened = moves(|i| (f64::from(i) * 16.0, f64::from(i), 0.0));
        happened.push(Happened::Press);
        happened.extend(moves(|i| (2000.0 + f64::from(i) * 16.0, 900.0 - f64::from(i), 0.0)));
        let [both] = windows(&happened, 128)[..] else { panic!("one window") };
        assert_eq!((both.path_pixels, both.straight_percent, both.presses), (126, 100, 1));
    }
}
