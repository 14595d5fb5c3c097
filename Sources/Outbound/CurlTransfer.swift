internal import CLibcurl
internal import Glibc

/// One request on one handle of libcurl.
final class CurlTransfer {
    private let handle: UnsafeMutableRawPointer
    private let request: OutboundRequest
    private let policy: OutboundPolicy
    private let route: OutboundRoute
    private let isCancelled: @Sendable () -> Bool
    private var head: [UInt8] = []
    private var body: [UInt8] = []
    private var isTooLarge = false
    private var isCut = false
    private var forbidden: String?
    private var fields: UnsafeMutablePointer<curl_slist>?
    /// What libcurl says of a failure, beyond its code.
    private let detail = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    init(
        _ handle: UnsafeMutableRawPointer,
        _ request: OutboundRequest,
        _ policy: OutboundPolicy,
        _ route: OutboundRoute,
        isCancelled: @escaping @Sendable () -> Bool
    ) {
        self.handle = handle
        self.request = request
        self.policy = policy
        self.route = route
        self.isCancelled = isCancelled
        detail.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_slist_free_all(fields)
        detail.deallocate()
    }

    func run() throws(OutboundError) -> OutboundResponse {
        let bad = request.fields.first { field in
            (field.name + field.value).utf8.contains { $0 == 13 || $0 == 10 || $0 == 0 }
        }
        if let bad { throw .badField(String(bad.name.filter { !$0.isNewline && $0 != "\0" })) }
        if route.proxy != nil, !policy.permitsName(Self.host(of: request.url)) {
            throw .forbidden(Self.host(of: request.url))
        }
        let timeout = request.timeLeft
        guard timeout > .zero else { throw .timeout }
        configure(timeout)
        let sent = request.body ?? []
        let code = sent.withUnsafeBytes { bytes in
            if request.body != nil {
                weir_curl_set_pointer(
                    handle,
                    CURLOPT_POSTFIELDS,
                    bytes.baseAddress ?? UnsafeRawPointer(handle)
                )
                weir_curl_set_long(handle, CURLOPT_POSTFIELDSIZE, bytes.count)
                // This option turns any method into a POST, so the method is set last.
                setMethod()
            }
            return curl_easy_perform(handle)
        }
        guard code == CURLE_OK || isCut || hasCutHead(code) else { throw failure(code) }
        return OutboundResponse(
            status: information(CURLINFO_RESPONSE_CODE),
            fields: Self.fields(of: head),
            body: body,
            connections: information(CURLINFO_NUM_CONNECTS)
        )
    }

    // MARK: - Setting up

    private func configure(_ timeout: Duration) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        set(CURLOPT_URL, request.url)
        // libcurl copies it, and reuses a kept connection only for the same socket.
        if let socket = request.socket { set(CURLOPT_UNIX_SOCKET_PATH, socket) }
        // A redirect could lead to a destination that the policy does not see, or turn a POST into a GET.
        weir_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        weir_curl_set_web_only(handle)
        // The policy could not see destinations behind a proxy from the environment, either.
        set(CURLOPT_PROXY, route.proxy ?? "")
        if route.proxy != nil {
            set(CURLOPT_NOPROXY, "")
            weir_curl_set_long(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
            // Proxies forward HTTP/1.1 only.
            if request.version == .http2 { weir_curl_set_long(handle, CURLOPT_HTTPPROXYTUNNEL, 1) }
        }
        weir_curl_set_long(handle, CURLOPT_HTTP_VERSION, version)
        // libcurl 7.88 fails with "Error in the HTTP2 framing layer" at the second call to a server of gRPC over a connection.
        if request.version == .http2 { weir_curl_set_long(handle, CURLOPT_FORBID_REUSE, 1) }
        if let authorities = route.authorities { set(CURLOPT_CAINFO, authorities) }
        if request.isUnverified {
            weir_curl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 0)
            weir_curl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 0)
        }
        weir_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        weir_curl_set_long(handle, CURLOPT_TIMEOUT_MS, Self.milliseconds(timeout))
        weir_curl_set_long(
            handle,
            CURLOPT_CONNECTTIMEOUT_MS,
            Self.milliseconds(min(timeout, request.connectTimeout))
        )
        weir_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        weir_curl_set_write(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            CurlTransfer.of(context)?.take(bytes, size * count) ?? 0
        }
        weir_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        weir_curl_set_write(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            CurlTransfer.of(context)?.takeHead(bytes, size * count) ?? 0
        }
        weir_curl_set_progress(
            handle,
            { context, _, _, _, _ in CurlTransfer.of(context)?.isCancelled() == true ? 1 : 0 },
            context
        )
        weir_curl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, context)
        weir_curl_set_open(handle) { context, _, address in
            guard let address else { return curl_socket_t(-1) }
            return CurlTransfer.of(context)?.open(address) ?? curl_socket_t(-1)
        }
        // Without this a body beyond 1 KiB waits for a `100 Continue` that few servers send.
        fields = curl_slist_append(fields, "Expect:")
        for (name, value) in request.fields {
            fields = curl_slist_append(fields, value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        weir_curl_set_pointer(handle, CURLOPT_HTTPHEADER, fields)
        weir_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, detail)
        setMethod()
    }

    private var version: Int {
        switch request.version {
        case .http1: Int(CURL_HTTP_VERSION_1_1)
        // With a scheme of https libcurl would not ask the server.
        case .http2:
            request.url.lowercased().hasPrefix("https:")
                ? Int(CURL_HTTP_VERSION_2TLS) : Int(CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)
        }
    }

    private func setMethod() { set(CURLOPT_CUSTOMREQUEST, request.method) }

    private func set(_ option: CURLoption, _ text: String) {
        text.withCString { _ = weir_curl_set_pointer(handle, option, $0) }
    }

    /// At least 1: to libcurl 0 means no limit. At most a day.
    static func milliseconds(_ duration: Duration) -> Int {
        Int(max(.milliseconds(1), min(duration, .seconds(86_400))) / .milliseconds(1))
    }

    // MARK: - Callbacks of libcurl

    private static func of(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
        context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func take(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard body.count + count <= request.answerLimit else {
            if request.cutsAnswer {
                isCut = true
                body.append(
                    contentsOf: UnsafeRawBufferPointer(start: bytes, count: request.answerLimit - body.count)
                )
            } else {
                isTooLarge = true
            }
            return 0
        }
        body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return count
    }

    private func takeHead(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        let line = UnsafeRawBufferPointer(start: bytes, count: count)
        // The head of an interim response came before.
        if line.starts(with: "HTTP/".utf8) { head = [] }
        guard head.count + count <= 64 << 10 else {
            if request.cutsAnswer { isCut = true } else { isTooLarge = true }
            return 0
        }
        head.append(contentsOf: line)
        return count
    }

    /// `CURLE_TOO_LARGE`, which libcurl has since 8.6.
    private static let tooLarge: UInt32 = 100

    /// Whether only the beginning of a head is taken: libcurl gives up at a line of 100 KB, and says that memory is short.
    private func hasCutHead(_ code: CURLcode) -> Bool {
        guard !head.isEmpty, code == CURLE_OUT_OF_MEMORY || code.rawValue == Self.tooLarge else {
            return false
        }
        if !request.cutsAnswer { isTooLarge = true }
        return request.cutsAnswer
    }

    private func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        let target = request.socket ?? Self.text(address)
        // To a proxy the operator's setting leads; what lies behind it was checked by its name.
        guard route.proxy != nil || policy.permits(host: Self.host(of: request.url), address: target) else {
            forbidden = target
            return curl_socket_t(-1)
        }
        let kind = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return socket(address.pointee.family, kind, address.pointee.`protocol`)
    }

    /// The address as text, without its port.
    static func text(_ address: UnsafeMutablePointer<curl_sockaddr>) -> String {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let isKnown = withUnsafePointer(to: &address.pointee.addr) {
            getnameinfo($0, address.pointee.addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
                == 0
        }
        return isKnown ? String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self) : ""
    }

    private static func host(of url: String) -> String {
        guard let parts = curl_url() else { return "" }
        defer { curl_url_cleanup(parts) }
        var host: UnsafeMutablePointer<CChar>?
        guard curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK,
            curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK, let host
        else { return "" }
        defer { curl_free(host) }
        return String(cString: host)
    }

    // MARK: - The result

    private func failure(_ code: CURLcode) -> OutboundError {
        if let forbidden { return .forbidden(forbidden) }
        if isTooLarge { return .tooLarge }
        if code == CURLE_ABORTED_BY_CALLBACK { return .cancelled }
        let connect = route.proxy == nil ? 0 : information(CURLINFO_HTTP_CONNECTCODE)
        if connect != 0, connect != 200 { return .failed("the proxy answered \(connect)") }
        switch code {
        case CURLE_URL_MALFORMAT: return .badURL
        // The scheme of the URL, or a response that does not begin as one.
        case CURLE_UNSUPPORTED_PROTOCOL: return information(CURLINFO_REQUEST_SIZE) > 0 ? .malformed : .badURL
        case CURLE_WEIRD_SERVER_REPLY: return .malformed
        // libcurl reports a path that is too long for a socket as an unresolvable name.
        case CURLE_COULDNT_RESOLVE_PROXY: return .failed("the proxy has no address")
        case CURLE_COULDNT_RESOLVE_HOST:
            return request.socket == nil ? .unresolvable : .unreachable(code: ENAMETOOLONG)
        case CURLE_COULDNT_CONNECT:
            return .unreachable(code: Int32(truncatingIfNeeded: information(CURLINFO_OS_ERRNO)))
        case CURLE_GOT_NOTHING: return .closed
        case CURLE_SEND_ERROR where head.isEmpty, CURLE_RECV_ERROR where head.isEmpty: return .closed
        case CURLE_OPERATION_TIMEDOUT: return .timeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE:
            // It says whether the issuer, the name or the time is wrong; the code does not.
            let why = detail.pointee == 0 ? curl_easy_strerror(code) : UnsafePointer(detail)
            return .tls(why.map { String(cString: $0) } ?? "")
        default: return .failed(String(cString: curl_easy_strerror(code)))
        }
    }

    private func information(_ what: CURLINFO) -> Int {
        var value = 0
        weir_curl_get_long(handle, what, &value)
        return value
    }

    private static func fields(of head: [UInt8]) -> [(name: String, value: String)] {
        head.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = line[line.index(after: colon)...].filter { $0 != UInt8(ascii: "\r") }
            return (name, String(decoding: value.drop { $0 == UInt8(ascii: " ") }, as: UTF8.self))
        }
    }
}
