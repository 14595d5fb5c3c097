internal import Core
internal import Notifications
internal import Outbound

/// What a test of an integration asks over HTTP or gRPC, and what the answer means. Contract pipelogiq §1.6.
struct IntegrationCheck: Sendable {
    var request: OutboundRequest
    /// What the server is spoken to by, for the words of a failure.
    var way = "http"
    /// Why the answer is no success, in words for whoever has configured it; nil when it is one. They have no secrets.
    let problem: @Sendable (OutboundResponse) -> String?

    /// A check with a request that is made elsewhere.
    init(_ request: OutboundRequest, problem: @escaping @Sendable (OutboundResponse) -> String?) {
        self.request = request
        self.problem = problem
    }

    init(
        _ method: String,
        _ url: String,
        fields: [(name: String, value: String)] = [],
        body: [UInt8]? = nil,
        problem: @escaping @Sendable (OutboundResponse) -> String?
    ) {
        request = OutboundRequest(method, url, fields: fields, body: body)
        self.problem = problem
    }

    /// The words of the contract for an answer of another status.
    static func refusal(_ response: OutboundResponse) -> String {
        "endpoint returned status \(response.status)"
    }

    // MARK: - Grafana

    static func grafana(_ document: IntegrationDocument) -> IntegrationCheck {
        IntegrationCheck("GET", grafanaURL(document.text("dashboardUrl") ?? "")) { response in
            guard response.status == 200 else { return refusal(response) }
            guard let database = (try? JSONDocument(response.body))?.root["database"]?.string else {
                return "the endpoint is no Grafana: its /api/health says nothing of a database"
            }
            return database == "ok" ? nil : "Grafana answers, and its database does not"
        }
    }

    /// The health of the server that shows a dashboard: its own path begins with `/d/`.
    static func grafanaURL(_ dashboard: String) -> String {
        let base = Self.base(dashboard)
        let server = base.firstRange(of: "/d/").map { String(base[..<$0.lowerBound]) } ?? base
        return server + "/api/health"
    }

    // MARK: - Sentry

    /// An envelope without items. Nil for what is no DSN.
    static func sentry(_ document: IntegrationDocument) -> IntegrationCheck? {
        guard let name = SentryName(document.text("dsn") ?? "") else { return nil }
        return IntegrationCheck(
            "POST",
            name.envelopes,
            fields: [
                ("Content-Type", "application/x-sentry-envelope"),
                ("X-Sentry-Auth", "Sentry sentry_version=7, sentry_client=weir/1, sentry_key=\(name.key)"),
            ],
            body: Array("{}\n".utf8)
        ) { response in
            switch response.status {
            case 200..<300: nil
            case 401, 403: "\(refusal(response)): it does not accept the key of the DSN"
            case 404: "\(refusal(response)): it does not know the project of the DSN"
            default: refusal(response)
            }
        }
    }

    // MARK: - Datadog

    /// Nil for what is no site.
    static func datadog(_ document: IntegrationDocument) -> IntegrationCheck? {
        guard let url = datadogURL(document.text("site") ?? "") else { return nil }
        return IntegrationCheck("GET", url, fields: [("DD-API-KEY", document.text("apiKey") ?? "")]) {
            response in
            switch response.status {
            case 200:
                (try? JSONDocument(response.body))?.root["valid"]?.bool == true
                    ? nil : "the endpoint is no Datadog: it does not say that the API key is valid"
            case 401, 403: "\(refusal(response)): it does not accept the API key of this site"
            default: refusal(response)
            }
        }
    }

    /// Of a site like `datadoghq.eu`; or of a URL, which is taken as it is: that of a relay.
    static func datadogURL(_ site: String) -> String? {
        let path = "/api/v1/validate"
        guard !site.contains("://") else { return base(site) + path }
        let isName = site.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
        return isName && !site.isEmpty ? "https://api.\(site)\(path)" : nil
    }

    // MARK: - Graylog

    /// A message to an input of GELF; nil when none is configured. Graylog, "GELF via HTTP".
    static func gelf(_ document: IntegrationDocument) -> IntegrationCheck? {
        guard document.text("provider")?.lowercased() == "graylog", let input = document.text("inputUrl")
        else {
            return nil
        }
        let base = Self.base(input)
        let hasPath = OutboundAddress(base).map { $0.path != "/" } ?? true
        return IntegrationCheck(
            "POST",
            hasPath ? base : base + "/gelf",
            fields: [("Content-Type", "application/json")],
            body: Array(
                #"{"version":"1.1","host":"weir","short_message":"Connection test of Weir","level":6}"#.utf8
            )
        ) { (200..<300).contains($0.status) ? nil : "the GELF input returned status \($0.status)" }
    }

    // MARK: - URLs

    /// A URL without what follows its path, and without slashes at its end; one without a scheme is of http.
    static func base(_ url: String) -> String {
        var base = (url.contains("://") ? url : "http://\(url)").prefix { $0 != "?" && $0 != "#" }
        while base.hasSuffix("/"), !base.hasSuffix("://") { base.removeLast() }
        return String(base)
    }
}

/// A DSN of Sentry, `https://key@host/project`: where a client sends, and as whom. Sentry, "Data Source Name".
struct SentryName: Hashable, Sendable {
    let key: String
    /// The URL to which envelopes are sent.
    let envelopes: String

    /// Nil for a text of another form. A secret behind the key, as old ones have it, is not used.
    init?(_ dsn: String) {
        let text = dsn.trimmed
        guard let end = text.firstRange(of: "://"),
            ["http", "https"].contains(text[..<end.lowerBound].lowercased())
        else { return nil }
        let rest = text[end.upperBound...].prefix { $0 != "?" && $0 != "#" }
        guard let at = rest.lastIndex(of: "@"), let slash = rest.lastIndex(of: "/"), at < slash else {
            return nil
        }
        let key = rest[..<at].prefix { $0 != ":" }
        let host = rest[rest.index(after: at)..<slash]
        let project = rest[rest.index(after: slash)...]
        func isWord(_ text: Substring) -> Bool {
            !text.isEmpty
                && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        }
        guard isWord(key), isWord(project), !host.isEmpty, host.first != "/" else { return nil }
        self.key = String(key)
        envelopes = "\(text[..<end.lowerBound])://\(host)/api/\(project)/envelope/"
    }
}
