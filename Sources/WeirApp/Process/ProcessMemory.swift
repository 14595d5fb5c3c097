import CMalloc
internal import Glibc

/// The allocator: its settings, and what it gives back.
package enum ProcessMemory {
    /// Keeps memory small under load and after it. Call it before threads are started.
    ///
    /// By default glibc gives each thread of a busy server its own arena, and the others cannot use what one has
    /// freed: under load this doubled the memory. It also raises the size from which blocks are returned to the
    /// system with every large block that is freed, so that after some huge bodies the memory would stay allocated.
    package static func keepSmall() {
        _ = mallopt(M_ARENA_MAX, 2)
        _ = mallopt(M_MMAP_THRESHOLD, 1 << 20)
        _ = mallopt(M_TRIM_THRESHOLD, 8 << 20)
    }

    /// Gives free memory back to the system whenever a busy time is over, until the task is cancelled.
    ///
    /// What a load has needed lies between what stays, where the allocator keeps it for the next one: a third of the memory
    /// after a hundred thousand new series. Giving it back takes some milliseconds, in which no thread can allocate.
    static func giveBackWhenQuiet(every interval: Duration = .seconds(5)) async {
        var times = BusyTimes(usedCPU: usedCPU)
        while !Task.isCancelled {
            do { try await Task.sleep(for: interval) } catch { return }
            if times.endsBusyTime(usedCPU: usedCPU, after: interval) { _ = malloc_trim(0) }
        }
    }

    /// The CPU time of the process.
    private static var usedCPU: Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

/// Tells busy times of the process from quiet ones.
struct BusyTimes {
    /// In a quiet time the process uses less of a core than one part in so many.
    private static let quietPart = 10

    private var usedCPU: Duration
    // A start is one.
    private var isBusy = true

    init(usedCPU: Duration) {
        self.usedCPU = usedCPU
    }

    /// Whether a quiet interval has followed a busy one.
    mutating func endsBusyTime(usedCPU: Duration, after interval: Duration) -> Bool {
        let wasBusy = isBusy
        isBusy = (usedCPU - self.usedCPU) * Self.quietPart >= interval
        self.usedCPU = usedCPU
        return wasBusy && !isBusy
    }
}
