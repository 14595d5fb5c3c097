/// What `/openapi.json` says about a route beside its method and path.
package struct EndpointDocumentation: Sendable {
    /// A parameter of the path or the query.
    package typealias Parameter = APIParameter

    /// The group in which it is shown: the name of the feature.
    package let tag: String
    /// One sentence that says what it does.
    package let summary: String
    /// Parameters of the query, and those of the path of which more is to say than that they are texts.
    package let parameters: [Parameter]
    /// The JSON body that it reads; nil when it reads none.
    package let request: APIType?
    /// What it answers, what was asked for first; refusals that come before it (401, 403) are known already.
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
