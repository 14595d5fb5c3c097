internal import CLibcurl
internal import Dispatch

/// Sends requests over libcurl: HTTP and HTTPS, with the system's certificates. Any thread.
///
/// libcurl blocks, so that every request has a thread of a queue of its own while it lasts; never one of Swift's.
package final class OutboundClient: Sendable {
    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private let policy: OutboundPolicy
    private let queue = DispatchQueue(label: "weir.outbound", attributes: .concurrent)

    /// Makes a client that only calls what the policy permits.
    package init(policy: OutboundPolicy = OutboundPolicy()) {
        self.policy = policy
    }

    /// Sends a request and waits for its answer.
    package func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundResponse {
        let result: Result<OutboundResponse, OutboundError> = await withCheckedContinuation { continuation in
            queue.async { [self] in
                do throws(OutboundError) {
                    continuation.resume(returning: .success(try sendBlocking(request)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    /// Sends a request on the calling thread.
    package func sendBlocking(_ request: OutboundRequest) throws(OutboundError) -> OutboundResponse {
        guard Self.isReady, let handle = curl_easy_init() else { throw .failed("libcurl does not start") }
        defer { curl_easy_cleanup(handle) }
        return try CurlTransfer(handle, request, policy).run()
    }
}
