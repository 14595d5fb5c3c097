internal import Core
internal import Journal

/// Lines of the runs surface, made by endpoints and maintenance jobs.
enum RunLine {
    /// The line members that name the changed run.
    static func members(_ eventID: String) -> LineMembers { LineMembers([RunField.eventID.name: eventID]) }

    /// The run that a line changes; nil when it names none.
    static func eventID(_ members: LineMembers) -> String? { members[RunField.eventID.name] }

    /// A body for a line: without byte order mark and line breaks.
    static func body(_ document: JSONDocument) -> [UInt8] {
        var body = Array(document.root.rawBytes)
        if document.sawLineBreaksOutsideStrings { JSONStorable.blankLineBreaks(in: &body) }
        return body
    }
}
