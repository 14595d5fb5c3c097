internal import Core
package import HTTP

/// How a surface words validation issues: like the framework of its original server, since clients read them.
package enum ValidationDialect: Sendable {
    /// In pydantic 1's words: the Nextflow surface. Contract §1.3, §1.5.
    case pydantic1
    /// In pydantic 2's words: the runs surface (contract §1.1), and every surface without a reference.
    case pydantic2

    /// 422 with a `detail` list, one entry for each issue. `total_faults` is the number of issues when `detail` does
    /// not list all.
    package func response(_ issues: ValidationIssues) -> Response {
        var writer = JSONWriter()
        writer.object { answer in
            answer.array("detail") { list in
                for issue in issues.shown { write(issue, to: &list) }
            }
            if issues.total > issues.shown.count { answer.member("total_faults", issues.total) }
        }
        return .json(writer.bytes, status: .unprocessableContent)
    }

    /// The schema of that response in `/openapi.json`; `name` is its name there, `entry` that of an entry.
    package func schema(_ name: String, entry: String) -> APISchema {
        typealias Member = APISchema.Member
        var members = [
            Member("loc", .list(APIType(.string, .integer))), Member("msg", .text), Member("type", .text),
        ]
        if self == .pydantic2 { members.append(Member("input", .any)) }
        members.append(Member("ctx", .object, isRequired: false))
        return APISchema(
            name,
            [
                Member("detail", .list(.named(APISchema(entry, members)))),
                Member(
                    "total_faults",
                    APIType.integer(Int64(ValidationIssues.mostShown + 1))
                        .noting("How many there are, when `detail` has only the first hundred."),
                    isRequired: false
                ),
            ]
        )
    }

    private func write(_ issue: ValidationIssue, to list: inout JSONWriter) {
        switch self {
        case .pydantic1: list.pydantic1(issue)
        case .pydantic2: list.pydantic2(issue)
        }
    }
}

extension JSONWriter {
    /// Writes the member `loc`.
    mutating func location(of issue: ValidationIssue) {
        array("loc") { location in
            for step in issue.location {
                switch step {
                case .name(let name): location.value(name)
                case .index(let index): location.value(index)
                }
            }
        }
    }
}
