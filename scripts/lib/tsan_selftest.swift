// Shows that the thread sanitizer, as scripts/sanitize sets it up, says nothing about code that is in order, and
// still sees a race. Run as `selftest clean` and `selftest lock|queue|continuation`, each a race of its own.

import Dispatch
import Synchronization

final class Shared: Sendable {
    let guarded = Mutex(0)
    let other = Mutex(0)
    nonisolated(unsafe) var number = 0  // safe: not at all, that is the point
}

let shared = Shared()
let queue = DispatchQueue(label: "selftest")

/// Four threads at a `Mutex`, and a task and a queue that hand a value to each other.
func runClean() async {
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
        for _ in 0..<50_000 { shared.guarded.withLock { $0 += 1 } }
    }
    for _ in 0..<2000 {
        shared.number += 1
        await withCheckedContinuation { continuation in
            queue.async {
                shared.number += 1
                continuation.resume()
            }
        }
    }
}

/// One variable under two locks.
func raceUnderLocks() {
    DispatchQueue.concurrentPerform(iterations: 4) { index in
        for _ in 0..<50_000 {
            let lock = index % 2 == 0
            if lock { shared.guarded.withLock { _ in shared.number += 1 } }
            if !lock { shared.other.withLock { _ in shared.number += 1 } }
        }
    }
}

/// A queue and whoever gave it work.
func raceWithQueue() {
    for _ in 0..<2000 {
        queue.async { shared.number += 1 }
        shared.number += 1
    }
    queue.sync {}
}

/// A queue that goes on after it has resumed the task.
func raceAfterResume() async {
    for _ in 0..<2000 {
        await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume()
                shared.number += 1
            }
        }
        shared.number += 1
    }
}

switch CommandLine.arguments.last {
case "lock": raceUnderLocks()
case "queue": raceWithQueue()
case "continuation": await raceAfterResume()
default: await runClean()
}
