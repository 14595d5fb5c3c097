import API
import HTTP
import Metrics

/// The response of `/metrics`.
enum MetricsEncoder {
    private static let json = "application/json"
    private static let text = "text/plain"
    private static let openMetrics = "application/openmetrics-text"

    /// Its answer in `/openapi.json`.
    static let answer = APIAnswer(
        200,
        "Every series, in the media type that Accept prefers.",
        contents: [
            .init(text, APIType.text.noting("The text format 0.0.4 of Prometheus.")),
            .init(openMetrics, APIType.text.noting("OpenMetrics 1.0.0.")),
            .init(
                json,
                APIType.map(APIType.number.orNull).noting("The value of each series by its name and labels.")
            ),
        ],
        headers: [
            .init("Vary", .text, "`Accept`.")
        ]
    )

    /// Text for scrapers, in the format that they request; JSON if `Accept` prefers it.
    static func response(to head: RequestHead, _ registry: Registry) -> Response {
        let offers = [text, openMetrics, json]
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
