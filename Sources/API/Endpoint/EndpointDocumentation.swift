/// The documentation of a route in `/openapi.json`, beside its method and path.
package struct EndpointDocumentation: Sendable {
    /// A parameter of the path or the query.
    package typealias Parameter = APIParameter

    /// Its group: the name of the feature.
    package let tag: String
    /// What it does, as a sentence.
    package let summary: String
    /// Parameters of the query, and parameters of the path that are more than plain texts.
    package let parameters: [Parameter]
    /// Its JSON body; nil when it reads none.
    package let request: APIType?
    /// Its answers, the successful one first; errors that come before it (401, 403) are added automatically.
    package let answers: [APIAnswer]

    /// Makes the documentation of a route.
    package init(
        tag: String,
        summary: String,
        parameters: [Parameter] = [],
        request: APIType? = nil,
        answers: [APIAnswer]
    ) {
        self.tag = tag
        self.summary = summary
        self.parameters = parameters
        self.request = request
        self.answers = answers
    }
}
