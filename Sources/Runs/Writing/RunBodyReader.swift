internal import API
internal import Core
internal import Dispatch
internal import HTTP

/// Reads the bodies of writes: small ones on the lane where they arrived, others on a separate queue.
///
/// A large body would delay the other connections of a lane; and since the queue reads one body at a time, the memory
/// for reading is needed only once, however many bodies arrive.
struct RunBodyReader: Sendable {
    /// A body that was read.
    struct Reading<Value: Sendable>: Sendable {
        let value: Value
        /// The body for the journal.
        let line: [UInt8]
        /// Whether the value refers to the bytes of the line.
        let isVerbatim: Bool
    }

    /// The most bytes of a record, or of an array of records, that are read on the lane: both take a millisecond at
    /// most.
    private static let recordBytes = 256 << 10
    private static let batchBytes = 16 << 10

    private let others = DispatchQueue(label: "weir.runs.large-bodies")
    /// How many runs a batch may hold.
    let mostRuns: Int

    init(mostRuns: Int) {
        self.mostRuns = mostRuns
    }

    /// Reads a body that holds one record.
    func record<Value: Sendable>(
        _ request: Request,
        _ decode: @escaping @Sendable (JSONDocument) throws(RunRefusal) -> Value
    ) async throws(RunRefusal) -> Reading<Value> {
        try await read(request, as: .record, onLane: Self.recordBytes, decode)
    }

    /// Reads a body that holds an array of runs.
    func batch(_ request: Request) async throws(RunRefusal) -> Reading<[RunDraft]> {
        let mostRuns = mostRuns
        return try await read(request, as: .batch, onLane: Self.batchBytes) { document throws(RunRefusal) in
            let drafts = try RunDecoder.batch(document, mostRuns: mostRuns)
            try RunDecoder.requireEventIDs(drafts, isBatch: true)
            return drafts
        }
    }

    private func read<Value: Sendable>(
        _ request: Request,
        as shape: RunDecoder.Shape,
        onLane bytes: Int,
        _ decode: @escaping @Sendable (JSONDocument) throws(RunRefusal) -> Value
    ) async throws(RunRefusal) -> Reading<Value> {
        guard request.body.count > bytes else { return try read(request, as: shape, decode) }
        let outcome: Result<Reading<Value>, RunRefusal> = await withCheckedContinuation { continuation in
            others.async {
                let outcome = Result { () throws(RunRefusal) in try read(request, as: shape, decode) }
                continuation.resume(returning: outcome)
            }
        }
        return try outcome.get()
    }

    private func read<Value: Sendable>(
        _ request: Request,
        as shape: RunDecoder.Shape,
        _ decode: (JSONDocument) throws(RunRefusal) -> Value
    ) throws(RunRefusal) -> Reading<Value> {
        let document = try RunDecoder.document(
            request.body,
            isJSON: request.head.declaresJSON,
            as: shape,
            mostRuns: shape == .batch ? mostRuns : 1
        )
        return Reading(
            value: try decode(document),
            line: RunLine.body(document),
            // A line has no line breaks; values that were sent with some refer to the original body.
            isVerbatim: !document.sawLineBreaksOutsideStrings
        )
    }
}
