import CMalloc

/// How the allocator behaves. To be told before threads are started.
package enum ProcessMemory {
    /// Keeps memory small under load and after it.
    ///
    /// By default glibc gives each thread of a busy server an arena of its own, and what one has freed is of no use to
    /// the others: under load that doubled the memory. And it raises the size from which blocks are given back to the
    /// system with every large block that is freed, so that some huge bodies would be paid for ever after.
    package static func keepSmall() {
        _ = mallopt(M_ARENA_MAX, 2)
        _ = mallopt(M_MMAP_THRESHOLD, 1 << 20)
        _ = mallopt(M_TRIM_THRESHOLD, 8 << 20)
    }
}
