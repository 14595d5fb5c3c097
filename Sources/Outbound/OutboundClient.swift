internal import CLibcurl
internal import Synchronization

/// Sends requests over libcurl: HTTP and HTTPS, with the system's certificates, bypassing any proxy but
/// the one that it is told. Any thread.
///
/// libcurl blocks, so that every request runs on a thread of its own, never on one of Swift's; the number of threads
/// is bounded.
package final class OutboundClient: Sendable {
    static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private let policy: OutboundPolicy
    private let route: OutboundRoute
    private let lanes: BlockingLanes
    private let handles = HandleShelf()

    /// Makes a client that calls only permitted destinations, and `parallel` servers at a time.
    ///
    /// With a proxy, such as `http://proxy:3128`, all requests go over it, and the policy sees the names in their URLs
    /// but no addresses. `authorities` is a file with certificates in place of the system's.
    package init(
        policy: OutboundPolicy = OutboundPolicy(),
        parallel: Int = 8,
        proxy: String? = nil,
        authorities: String? = nil
    ) {
        self.policy = policy
        route = OutboundRoute(proxy: proxy, authorities: authorities)
        lanes = BlockingLanes(parallel)
    }

    /// Sends a request and waits for its response; a cancelled task returns within a second.
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
        guard Self.isReady, let handle = handles.take() else { throw .failed("libcurl does not start") }
        defer { handles.putBack(handle) }
        return try CurlTransfer(handle, request, policy, route, isCancelled: isCancelled).run()
    }
}

/// How a client reaches its servers.
struct OutboundRoute: Sendable {
    /// The URL of a proxy; nil for none.
    let proxy: String?
    /// A file with the certificates of authorities; nil for the system's.
    let authorities: String?
}

/// Idle handles: each keeps connections to the servers that it has called. Any thread.
private final class HandleShelf: Sendable {
    private static let capacity = 8
    // Guards the handles, as addresses.
    private let idle = Mutex<[UInt]>([])

    func take() -> UnsafeMutableRawPointer? {
        let address = idle.withLock { $0.popLast() }
        return address.map { UnsafeMutableRawPointer(bitPattern: $0) } ?? curl_easy_init()
    }

    func putBack(_ handle: UnsafeMutableRawPointer) {
        // Clears the request and keeps the connections.
        curl_easy_reset(handle)
        let isKept = idle.withLock { idle in
            guard idle.count < Self.capacity else { return false }
            idle.append(UInt(bitPattern: handle))
            return true
        }
        if !isKept { curl_easy_cleanup(handle) }
    }

    deinit {
        for address in idle.withLock({ $0 }) {
            curl_easy_cleanup(UnsafeMutableRawPointer(bitPattern: address))
        }
    }
}

/// Set once, from any thread.
private final class CancellationMark: Sendable {
    private let mark = Atomic(false)

    var isSet: Bool { mark.load(ordering: .relaxed) }
    func set() { mark.store(true, ordering: .relaxed) }
}
