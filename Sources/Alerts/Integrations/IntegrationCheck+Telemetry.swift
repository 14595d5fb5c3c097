internal import Core
internal import Notifications
internal import OTLPClient
internal import OpenTelemetry
internal import Outbound

/// Tests of a collector: an export without spans, which it takes without storing anything. OTLP 1.x.
extension IntegrationCheck {
    /// Over the protocol that the document names. Nil for an endpoint without a host.
    static func telemetry(_ document: IntegrationDocument) -> IntegrationCheck? {
        let isUnverified = document.value["tlsInsecure"].flatMap { GoFlag($0) }?.isOn
        let isCall = document.text("protocol")?.lowercased() == "grpc"
        var check = isCall ? call(document, isUnverified) : post(document)
        check?.request.isUnverified = isUnverified == true
        return check
    }

    /// "OTLP/HTTP Request".
    private static func post(_ document: IntegrationDocument) -> IntegrationCheck {
        IntegrationCheck(
            "POST",
            tracesURL(document.text("endpoint") ?? ""),
            fields: [("Content-Type", "application/x-protobuf")] + headers(document),
            body: []
        ) { response in
            switch response.status {
            case 200: nil
            case 401, 403: "\(refusal(response)): check the headers"
            case 404, 405, 415: "\(refusal(response)): it receives no OTLP there"
            default: refusal(response)
            }
        }
    }

    /// "OTLP/gRPC Request". The scheme says whether TLS is spoken; without one it is if `tlsInsecure` is false.
    private static func call(_ document: IntegrationDocument, _ isUnverified: Bool?) -> IntegrationCheck? {
        let text = (document.text("endpoint") ?? "").trimmed
        let isPlain = text.contains("://") ? nil : isUnverified
        guard var endpoint = try? OTLPEndpoint(text, .traces, transport: .grpc, insecure: isPlain) else {
            return nil
        }
        let headers = headers(document)
        endpoint.headers = headers.map { .init(name: $0.name.lowercased(), value: $0.value) }
        // How long it may take is the probe's to say.
        let request = OTLPSender.request([], to: endpoint, within: .seconds(5))
        var check = IntegrationCheck(request) { problem(ofCall: $0, secrets: headers.map(\.value)) }
        check.way = "grpc"
        return check
    }

    /// Why a call has failed; nil when the collector took the export.
    private static func problem(ofCall response: OutboundResponse, secrets: [String]) -> String? {
        guard let answer = GRPCAnswer(response) else { return GRPCAnswer.missing(response) }
        if answer.code == .ok { return nil }
        // A server may repeat what it did not like.
        let said = secrets.filter { $0.count > 3 }.reduce(answer.words) { $0.replacing($1, with: "…") }
        let refusal = "endpoint returned \(said)"
        switch answer.code {
        case .unauthenticated, .permissionDenied: return "\(refusal): check the headers"
        case .unimplemented: return "\(refusal): it receives no traces there"
        default: return refusal
        }
    }

    private static func headers(_ document: IntegrationDocument) -> [(name: String, value: String)] {
        let headers = document.value["headers"].flatMap { HeaderList($0) }?.fields ?? []
        return headers.filter { header in
            !header.name.trimmed.isEmpty && !header.value.trimmed.isEmpty
                && header.name.trimmed.lowercased() != "content-type"
        }
    }

    /// `/v1/traces` below an endpoint, unless it ends so. OTLP exporter, "Endpoint URLs for OTLP/HTTP".
    static func tracesURL(_ endpoint: String) -> String {
        let path = "/v1/traces"
        let base = Self.base(endpoint)
        return base.hasSuffix(path) ? base : base + path
    }
}
