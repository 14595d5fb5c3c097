internal import HTTP

extension ValidationIssues {
    /// 400 in the form of the platform's `/api/v2`, with a diagnostic for each issue that names the field. Its path leaves
    /// out the part of the request (`body`, `query`). Contract beampipe §6.1.
    package var failure: OperatorFailure {
        let diagnostics = shown.map { issue in
            OperatorFailure.Diagnostic(issue.path, issue.cause.pydantic2Type, issue.cause.sentence)
        }
        let first = diagnostics.first.map { $0.path.isEmpty ? $0.message : "\($0.path): \($0.message)" }
        let others = total > 1 ? " (and \(total - 1) more)" : ""
        return OperatorFailure(
            .badRequest,
            (first ?? "The request is not valid.") + others,
            diagnostics: diagnostics
        )
    }
}

extension ValidationIssue {
    /// The path to the value: `config.urls[2]`.
    fileprivate var path: String {
        location.dropFirst().reduce(into: "") { path, step in
            switch step {
            case .name(let name): path += path.isEmpty ? name : ".\(name)"
            case .index(let index): path += "[\(index)]"
            }
        }
    }
}

extension ValidationIssue.Cause {
    /// What is wrong, without the prefix that pydantic gives to a rule.
    fileprivate var sentence: String {
        if case .rule(let text) = self { return text }
        return pydantic2Message
    }
}
