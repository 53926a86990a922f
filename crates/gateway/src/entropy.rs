use std::cell::RefCell;

/// Random bytes from the system, drawn a page at a time: a system call per request would cost more than the decision.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    thread_local! {
        static POOL: RefCell<([u8; 4096], usize)> = const { RefCell::new(([0; 4096], 4096)) };
    }
    POOL.with_borrow_mut(|(pool, used)| {
        if *used + N > pool.len() {
            getrandom::fill(pool).expect("the system gives random bytes");
            *used = 0;
        }
        let taken = &mut pool[*used..*used + N];
        let bytes = (&*taken).try_into().expect("N bytes");
        // What was given out does not stay behind.
        taken.fill(0);
        *used += N;
        bytes
    })
}
