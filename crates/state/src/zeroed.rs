use bytemuck::Pod;
use memmap2::MmapMut;

/// Zeroed memory straight from the system: pages are only taken as they are written, which an allocator that reuses
/// its own memory cannot promise.
pub(crate) struct Zeroed<T> {
    memory: MmapMut,
    kind: std::marker::PhantomData<T>,
}

impl<T> Zeroed<T> {
    pub(crate) fn new(count: usize) -> Self {
        let memory =
            MmapMut::map_anon(count * size_of::<T>()).expect("the system has address space for the counters");
        Self { memory, kind: std::marker::PhantomData }
    }
}

impl<T: Pod> std::ops::Deref for Zeroed<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        bytemuck::cast_slice(&self.memory)
    }
}

impl<T: Pod> std::ops::DerefMut for Zeroed<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(&mut self.memory)
    }
}
