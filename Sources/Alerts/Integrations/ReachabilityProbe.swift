internal import Dispatch
internal import Glibc
internal import Outbound

/// Whether a server answers. Contract pipelogiq §1.6.
struct ReachabilityProbe: Sendable {
    /// Why it does not, in the words of the contract.
    struct Failure: Error {
        let description: String
    }

    private static let queue = DispatchQueue(label: "weir.alerts.probe", attributes: .concurrent)

    let policy: OutboundPolicy
    let client: OutboundClient
    var timeout = Duration.seconds(5)

    /// A proxy is for HTTP only.
    init(policy: OutboundPolicy, proxy: String? = nil) {
        self.policy = policy
        client = OutboundClient(policy: policy, parallel: 4, proxy: proxy)
    }

    /// Sends a request; any answer below 500 is a success, a redirect included: it is not followed.
    func http(_ method: String, _ url: String) async throws(Failure) {
        let url = url.contains("://") ? url : "http://\(url)"
        let response = try await send(
            OutboundRequest(method, url, fields: [("Content-Type", "application/json")])
        )
        guard response.status < 500 else { throw Failure(description: IntegrationCheck.refusal(response)) }
    }

    /// Sends what a check asks, and judges the answer by it.
    func run(_ check: IntegrationCheck) async throws(Failure) {
        let response = try await send(check.request)
        if let problem = check.problem(response) { throw Failure(description: problem) }
    }

    private func send(_ request: OutboundRequest) async throws(Failure) -> OutboundResponse {
        guard OutboundAddress(request.url) != nil else {
            throw Failure(description: "invalid url: host is required")
        }
        var request = request
        request.timeout = timeout
        request.deadline = .now + timeout
        request.cutsAnswer = true
        do throws(OutboundError) {
            return try await client.send(request)
        } catch {
            throw Failure(description: "http reachability failed: \(error.cause)")
        }
    }

    /// Connects to `host:port`, or to the authority of a URL, and closes at once.
    func tcp(_ endpoint: String, defaultPort: UInt16) async throws(Failure) {
        guard let (host, port) = Self.address(endpoint, defaultPort) else {
            throw Failure(description: "grpc reachability failed: there is no host and port in the endpoint")
        }
        let (policy, timeout) = (policy, timeout)
        let problem: String? = await withCheckedContinuation { continuation in
            Self.queue.async {
                continuation.resume(returning: Self.connect(host, port, policy, within: timeout))
            }
        }
        if let problem { throw Failure(description: "grpc reachability failed: \(problem)") }
    }

    /// The host and the port of an endpoint; an IPv6 address with a port is in brackets.
    static func address(_ endpoint: String, _ defaultPort: UInt16) -> (host: String, port: UInt16)? {
        var text = endpoint.trimmed[...]
        if let scheme = text.firstRange(of: "://") {
            text = text[scheme.upperBound...].prefix { !"/?#".contains($0) }
        }
        if let at = text.lastIndex(of: "@") { text = text[text.index(after: at)...] }
        let host: Substring
        let rest: Substring
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
        } else if text.count(where: { $0 == ":" }) > 1,
            text.allSatisfy({ $0.isHexDigit || ":.%".contains($0) })
        {
            (host, rest) = (text, "")
        } else {
            host = text.prefix { $0 != ":" }
            rest = text[host.endIndex...]
        }
        guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || $0 == "/" }) else { return nil }
        guard !rest.isEmpty else { return (String(host), defaultPort) }
        guard rest.first == ":", let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
        return (String(host), port)
    }

    // MARK: - Sockets

    /// Nil when one of the host's addresses takes a connection; otherwise why the last one did not. Blocks.
    private static func connect(
        _ host: String,
        _ port: UInt16,
        _ policy: OutboundPolicy,
        within timeout: Duration
    ) -> String? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &list) == 0, let list else {
            return OutboundError.unresolvable.description
        }
        defer { freeaddrinfo(list) }
        let deadline = ContinuousClock.now + timeout
        var problem = OutboundError.unresolvable.description
        for entry in sequence(first: list, next: { $0.pointee.ai_next }) {
            guard let text = numeric(entry.pointee) else { continue }
            guard policy.permits(host: host, address: text) else {
                problem = OutboundError.forbidden(host).description
                continue
            }
            guard let failed = connect(entry.pointee, until: deadline) else { return nil }
            problem = failed
        }
        return problem
    }

    private static func connect(_ entry: addrinfo, until deadline: ContinuousClock.Instant) -> String? {
        let type = entry.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(entry.ai_family, type, 0)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        defer { close(descriptor) }
        if Glibc.connect(descriptor, entry.ai_addr, entry.ai_addrlen) == 0 { return nil }
        guard errno == EINPROGRESS else { return String(cString: strerror(errno)) }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let left = Int32(max(0, ContinuousClock.now.duration(to: deadline) / .milliseconds(1)))
        guard poll(&waiting, 1, left) > 0 else { return OutboundError.timeout.description }
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        return code == 0 ? nil : String(cString: strerror(code))
    }

    private static func numeric(_ entry: addrinfo) -> String? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = getnameinfo(
            entry.ai_addr,
            entry.ai_addrlen,
            &text,
            socklen_t(text.count),
            nil,
            0,
            NI_NUMERICHOST
        )
        guard code == 0 else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
