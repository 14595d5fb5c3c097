import CMalloc

/// Settings of the allocator. Call it before threads are started.
package enum ProcessMemory {
    /// Keeps memory small under load and after it.
    ///
    /// By default glibc gives each thread of a busy server its own arena, and the others cannot use what one has
    /// freed: under load this doubled the memory. It also raises the size from which blocks are returned to the
    /// system with every large block that is freed, so that after some huge bodies the memory would stay allocated.
    package static func keepSmall() {
        _ = mallopt(M_ARENA_MAX, 2)
        _ = mallopt(M_MMAP_THRESHOLD, 1 << 20)
        _ = mallopt(M_TRIM_THRESHOLD, 8 << 20)
    }
}
