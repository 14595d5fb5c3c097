import CMalloc

/// How the allocator behaves.
package enum ProcessMemory {
    /// Lets all threads share two arenas. By default glibc gives each thread of a busy server one of its own, and what
    /// one has freed is of no use to the others: under load that doubled the memory. Before threads are started.
    package static func limitArenas() {
        _ = mallopt(M_ARENA_MAX, 2)
    }
}
