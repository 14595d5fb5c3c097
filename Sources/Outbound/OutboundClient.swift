internal import CLibcurl
internal import Synchronization

/// Sends requests over libcurl: HTTP and HTTPS, with the system's certificates, past any proxy. Any thread.
///
/// libcurl blocks, so that every request has a thread of its own while it lasts; never one of Swift's, and only so many.
package final class OutboundClient: Sendable {
    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private let policy: OutboundPolicy
    private let lanes: BlockingLanes

    /// Makes a client that only calls what the policy permits, and `parallel` servers at a time.
    package init(policy: OutboundPolicy = OutboundPolicy(), parallel: Int = 8) {
        self.policy = policy
        lanes = BlockingLanes(parallel)
    }

    /// Sends a request and waits for its answer; a task that is cancelled waits a second longer at most.
    package func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundResponse {
        let mark = CancellationMark()
        let result: Result<OutboundResponse, OutboundError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                lanes.run { [self] in
                    do throws(OutboundError) {
                        continuation.resume(returning: .success(try send(request) { mark.isSet }))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            }
        } onCancel: {
            mark.set()
        }
        return try result.get()
    }

    /// Sends a request on the calling thread.
    package func sendBlocking(_ request: OutboundRequest) throws(OutboundError) -> OutboundResponse {
        try send(request) { false }
    }

    private func send(
        _ request: OutboundRequest,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(OutboundError) -> OutboundResponse {
        if isCancelled() { throw .cancelled }
        guard Self.isReady, let handle = curl_easy_init() else { throw .failed("libcurl does not start") }
        defer { curl_easy_cleanup(handle) }
        return try CurlTransfer(handle, request, policy, isCancelled: isCancelled).run()
    }
}

/// Set once, from any thread.
private final class CancellationMark: Sendable {
    private let mark = Atomic(false)

    var isSet: Bool { mark.load(ordering: .relaxed) }
    func set() { mark.store(true, ordering: .relaxed) }
}
