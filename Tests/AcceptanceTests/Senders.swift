import Foundation
import Synchronization
import TestKit

/// Serial senders, as many as there are runs, that post one completion after another until they are told to stop, and
/// remember what was acknowledged.
final class Senders: Sendable {
    private struct Guarded {
        var acknowledged: [String] = []
        var refused: [Int] = []
        var isStopping = false
    }

    private let guarded = Mutex(Guarded())
    private let group = DispatchGroup()

    /// Begins to send to `address`; events carry `prefix` in their task id.
    init(_ count: Int, to address: RawAddress, prefix: String) {
        for sender in 0..<count {
            group.enter()
            Thread.detachNewThread { [self] in
                send(to: address, run: "run-\(sender)", prefix: prefix)
                group.leave()
            }
        }
    }

    /// The task ids of acknowledged events.
    var acknowledged: [String] { guarded.withLock { $0.acknowledged } }
    /// The statuses of answers other than 200.
    var refused: [Int] { guarded.withLock { $0.refused } }

    struct NotReached: Error {
        let acknowledged: Int
        let refused: [Int]
    }

    /// Waits until so many events were acknowledged; a generous bound ends a hang.
    func reach(_ count: Int) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while acknowledged.count < count {
            guard ContinuousClock.now < end else {
                throw NotReached(acknowledged: acknowledged.count, refused: refused)
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Lets every sender finish its request.
    func stop() async {
        guarded.withLock { $0.isStopping = true }
        await withCheckedContinuation { continuation in
            group.notify(queue: .global()) { continuation.resume() }
        }
    }

    private func send(to address: RawAddress, run: String, prefix: String) {
        // A connection that fails ends this sender: the server was killed.
        guard let client = try? RawClient(address, receiveTimeout: 20) else { return }
        var number = 0
        while !guarded.withLock({ $0.isStopping }) {
            number += 1
            let task = "\(prefix)-\(run)-\(number)"
            let body = """
                {"runId":"\(run)","runName":"load","event":"process_completed","utcTime":"2026-11-20T22:00:00Z",\
                "trace":{"task_id":"\(task)","process":"P","status":"COMPLETED","exit":0,"attempt":1}}
                """
            let head = "POST /telemetry HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n"
            guard (try? client.send(head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)) != nil,
                let response = try? client.readResponse()
            else { return }
            guarded.withLock { guarded in
                if response.status == 200 {
                    guarded.acknowledged.append(task)
                } else {
                    guarded.refused.append(response.status)
                }
            }
        }
    }
}
