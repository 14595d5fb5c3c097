import HTTP
import Metrics

/// The answer of `/metrics`.
enum MetricsEncoder {
    private static let json = "application/json"
    private static let text = "text/plain"

    /// Text for scrapers, in the format that they ask for; JSON for those who prefer it.
    static func response(to head: RequestHead, _ registry: Registry) -> Response {
        let offers = [text, "application/openmetrics-text", json]
        var response: Response
        if head.preferredMediaType(of: offers) == json {
            response = .json(registry.json())
        } else {
            let format = ExpositionFormat.negotiate(accept: head.fields["Accept"])
            response = Response(
                status: .ok,
                fields: ["Content-Type": format.contentType],
                body: .bytes(registry.exposition(as: format))
            )
        }
        response.fields.append("Vary", "Accept")
        response.fields.append("Cache-Control", "no-store")
        return response
    }
}
