internal import Core

extension APIParameter {
    /// A moment as `ParameterReader.time` takes it.
    package static func time(_ name: String, _ summary: String) -> APIParameter {
        APIParameter(name, .lenientMoment, summary)
    }

    /// Where a page begins.
    package static let cursor = APIParameter.text(
        "cursor",
        "`next_cursor` of the page before, unchanged; the first page without."
    )
}

extension APIType {
    /// A moment as `Timestamp(lenient:)` takes it: contract §1.3.
    package static var lenientMoment: APIType {
        var number = APIType.number.noting(
            "Unix time: seconds up to 20000000000, else milliseconds and so on."
        )
        number.range = -Timestamp.largestUnixNumber...Timestamp.largestUnixNumber
        let text = APIType.moment.noting(
            "RFC 3339. Without a zone it is UTC; a blank for the T, one digit for two and no seconds are "
                + "taken, too."
        )
        return .any(of: [text, number])
    }
}
