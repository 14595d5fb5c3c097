import HTTP

@testable import API

extension Endpoint {
    static func make(
        _ method: Method,
        _ path: String,
        scope: Scope? = nil,
        parameters: [APIParameter] = []
    ) -> Endpoint {
        Endpoint(
            method,
            path,
            scope: scope,
            documentation: EndpointDocumentation(
                tag: "Test",
                summary: "A test.",
                parameters: parameters,
                answers: [APIAnswer(200, "Here.", .text)]
            ),
            handler: .async { _ in .text("here") }
        )
    }
}
