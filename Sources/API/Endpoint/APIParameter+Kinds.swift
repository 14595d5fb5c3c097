internal import Core

extension APIParameter {
    /// A moment that `ParameterReader.time` reads.
    package static func time(_ name: String, _ summary: String) -> APIParameter {
        APIParameter(name, .lenientMoment, summary)
    }

    /// The cursor of a page.
    package static let cursor = APIParameter.text(
        "cursor",
        "`next_cursor` of the previous page, unchanged; the first page without it."
    )
}

extension APIType {
    /// A moment that `Timestamp(lenient:)` reads: contract §1.3.
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
