internal import Core
internal import Ingest

/// An image that Wave built or copied for a run. Contract nextflow §5.3 (3).
struct TowerContainer: Sendable {
    let run: UUID128
    /// The id of the request to Wave; a digest of the image where there is none.
    let requestID: String
    /// The image as it was sent.
    let json: ArraySlice<UInt8>
    let told: Timestamp
    let digest: UUID128

    /// The images of calls.
    static func all(_ messages: [TowerMessage], _ runs: [String: TowerRun]) -> [TowerContainer] {
        messages.flatMap { message -> [TowerContainer] in
            guard
                let images = message.body?["containers"], images.kind == .array,
                let run = runs[message.workflowID]?.key
            else { return [] }
            return images.elements.filter { $0.kind == .object }.map { image in
                let id = image["requestId"]?.lenientText ?? NextflowKeys.body(image.rawBytes).description
                return TowerContainer(
                    run: run,
                    requestID: indexable(id),
                    json: image.rawBytes,
                    told: message.instant,
                    digest: message.digest
                )
            }
        }
    }
}
