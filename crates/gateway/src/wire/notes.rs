use std::cell::Cell;
use std::rc::Rc;

/// What is noted of an HTTP/2 connection besides its requests.
#[derive(Default)]
pub(crate) struct Notes {
    in_flight: Cell<u32>,
    waiting: Cell<u32>,
    progress: Cell<u64>,
}

impl Notes {
    /// Requests whose answers have not been handed over whole.
    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.get()
    }

    /// Answers of which the client has not taken what it was offered, and a number that changes whenever it does.
    pub(crate) fn owed(&self) -> (u32, u64) {
        (self.waiting.get(), self.progress.get())
    }
}

/// An HTTP/2 request in progress, from its head to the end of its answer's body.
pub(crate) struct Busy {
    notes: Rc<Notes>,
    offered: bool,
}

impl Busy {
    pub(crate) fn new(notes: &Rc<Notes>) -> Self {
        notes.in_flight.update(|count| count + 1);
        notes.progress.update(|count| count + 1);
        Self { notes: notes.clone(), offered: false }
    }

    /// Some of the answer was handed over (`true`), or the client asked for more and there is none yet (`false`).
    pub(crate) fn offered(&mut self, offered: bool) {
        self.notes.progress.update(|count| count + 1);
        if offered != self.offered {
            self.offered = offered;
            if offered {
                self.notes.waiting.update(|count| count + 1);
            } else {
                self.notes.waiting.update(|count| count - 1);
            }
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.offered(false);
        self.notes.in_flight.update(|count| count - 1);
    }
}
