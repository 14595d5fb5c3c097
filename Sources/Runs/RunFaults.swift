internal import Core
internal import HTTP
internal import Ingest

/// What is wrong with a body: the first faults, and how many there are.
///
/// A body of a few kilobytes can have millions of faults; an answer shows as many as somebody reads.
struct RunFaults: Sendable, ExpressibleByArrayLiteral {
    /// How many faults an answer shows.
    static let mostShown = 100

    /// The first of them, in the order of the body.
    private(set) var shown: [RunFault] = []
    /// How many there are in all.
    private(set) var total = 0

    init(arrayLiteral elements: RunFault...) { add(elements) }

    /// Takes all faults of one record.
    init(_ faults: [RunFault] = []) { add(faults) }

    var isEmpty: Bool { total == 0 }

    mutating func add(_ faults: [RunFault]) {
        shown += faults.prefix(Self.mostShown - shown.count)
        total += faults.count
    }
}

/// Why a body is refused as a whole.
enum RunRefusal: Error, Sendable {
    /// Bytes that are no UTF-8.
    case notText
    /// Faults, in the order in which the model declares its members.
    case faults(RunFaults)

    /// The answer: 422 with a `detail` list, 400 for bytes that are no text. `total_faults` tells how many faults there
    /// are when `detail` does not list all.
    var response: Response {
        switch self {
        case .notText:
            return ErrorEnvelope.detail.response(.badRequest, "There was an error parsing the body")
        case .faults(let faults):
            var writer = JSONWriter()
            writer.object { answer in
                answer.array("detail") { list in
                    for fault in faults.shown { list.item(fault) }
                }
                if faults.total > faults.shown.count { answer.member("total_faults", faults.total) }
            }
            return .json(writer.bytes, status: .unprocessableContent)
        }
    }
}
